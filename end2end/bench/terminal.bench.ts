// What the server costs a terminal: the same agent's ttyd through the gateway and dialled directly, echo and bulk, in turns.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Api } from "../fixtures/api.ts";
import type { AiWorker } from "../fixtures/server.ts";
import { type Terminal, ttydTerminal } from "../fixtures/terminal-client.ts";
import { test } from "../fixtures/wetty.ts";
import { SIZE, compare, measureEcho, throughGateway } from "./measure.ts";
import { format, median, quantile, record } from "./record.ts";

test("echo and bulk output through the gateway", async ({ server }) => {
  const api = await Api.register(server, "ada");
  const agent = await api.launch(await api.project("Engine"), { name: "echo" });
  await api.reach("idle", agent);
  const routes = { gateway: async () => throughGateway(server, api, agent), direct: async () => directly(server, agent) };

  await compare(routes, {
    echo: { what: "Terminal echo through the server: added p50", limit: { most: 0.15 } },
    late: { limit: { most: 2 } },
    bulk: { what: "Terminal bulk output through the server, of direct", limit: { least: 0.8 } },
  });
});

test("echo through wetty", async ({ wetty }) => {
  const took: number[] = [];
  for (const round of [0, 1, 2, 3]) {
    const times = await measureEcho(await wetty.connect(SIZE));
    if (round > 0) took.push(...times);
  }
  record({
    what: "For comparison, wetty 3.2: echo of a key, p50",
    value: median(took),
    unit: "ms",
    detail: `p95 ${format(quantile(took, 0.95))} ms, p99 ${format(quantile(took, 0.99))} ms, ${took.length} keystrokes`,
  });
});

async function directly(server: AiWorker, agent: string): Promise<Terminal> {
  const run = join(server.data, "agents", agent, "run");
  const credential = `agent:${readFileSync(join(run, "terminal-password"), "latin1")}`;
  return ttydTerminal({ socketPath: join(run, "ttyd.sock") }, credential, SIZE);
}
