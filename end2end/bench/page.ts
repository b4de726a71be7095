// A page of the dashboard as the server knows it: it follows the events and launches agents, without a browser.

import { expect } from "@playwright/test";
import { once } from "node:events";
import { type IncomingMessage, type RequestOptions, request } from "node:http";
import { json } from "node:stream/consumers";
import type { Api } from "../fixtures/api.ts";
import type { AiWorker } from "../fixtures/server.ts";

/** What the dashboard's page does, without the work of a browser, which would slow down the agent that it waits for. */
export class Page {
  /** Where the server is and who asks. */
  readonly target: RequestOptions;
  private readonly phases = new Map<string, string>();
  private changed: () => void = () => undefined;

  private constructor(url: string, cookie: string) {
    const { hostname, port } = new URL(url);
    this.target = { hostname, port, headers: { cookie, origin: url } };
  }

  /** A page that follows the events. */
  static async open(server: AiWorker, api: Api): Promise<Page> {
    const cookie = (await api.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
    const page = new Page(server.url, cookie);
    const events = request({ ...page.target, path: "/api/events" }).end();
    const [answer] = (await once(events, "response")) as [IncomingMessage];
    // The server ends the stream when the test is over.
    answer.on("error", () => undefined);
    let rest = "";
    answer.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) page.heard(line);
    });
    return page;
  }

  private heard(line: string): void {
    if (!line.startsWith("data: {")) return;
    const event = JSON.parse(line.slice("data: ".length)) as { type: string; id?: string; phase?: string };
    if (event.type !== "agent" || !event.id || !event.phase) return;
    this.phases.set(event.id, event.phase);
    this.changed();
  }

  /** Launches an agent and gives its id. */
  async launch(project: string): Promise<string> {
    const headers = { ...this.target.headers, "content-type": "application/json" };
    const asked = request({ ...this.target, headers, method: "POST", path: "/api/agents/launch" });
    asked.end(JSON.stringify({ project_id: project }));
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    return ((await json(answer)) as { data: { agentId: string } }).data.agentId;
  }

  /** Waits until the agent is said to be idle. */
  async isIdle(agent: string): Promise<void> {
    while (this.phases.get(agent) !== "idle") {
      expect(this.phases.get(agent)).not.toBe("failed");
      await new Promise<void>((resolve) => (this.changed = resolve));
    }
  }
}
