// The agents' tools: MCP against plain HTTP, a thousand claims that wait, and how soon those who wait are woken.

import { readFileSync } from "node:fs";
import { Agent as HttpAgent, type IncomingMessage, request } from "node:http";
import { once } from "node:events";
import { json } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { Api } from "../fixtures/api.ts";
import { residentMegabytes } from "../fixtures/processes.ts";
import type { AiWorker } from "../fixtures/server.ts";
import { expect, test } from "../fixtures/test.ts";
import { until } from "../fixtures/until.ts";
import { tokenOf } from "../fixtures/worker.ts";
import { format, median, quantile, record, spread } from "./record.ts";

/** Calls of each kind, in rounds that take turns. */
const ROUNDS = 20;
const CALLS = 100;
/** Claims that wait, and the agents that they are spread over: a real agent costs the machine more than a claim. */
const WAITING = 1000;
const AGENTS = 20;
const WAIT_SECONDS = 45;
/** How long the server is watched while nothing happens. */
const QUIET = 10_000;
const WAKES = 20;
const ANSWERS = 30;
/** How long the server is left alone before it is watched. */
const SETTLE = 3_000;
/** Clock ticks of Linux in a second. */
const TICKS = 100;

type Answer = Record<string, any>;

/** An agent's connection. */
class Client {
  constructor(
    private readonly server: AiWorker,
    private readonly token: string,
    private readonly sockets: HttpAgent,
  ) {}

  async plain(tool: string, args: Record<string, unknown>): Promise<Answer> {
    return (await this.post(`/api/mcp/${tool}`, args))["data"] as Answer;
  }

  async mcp(tool: string, args: Record<string, unknown>): Promise<Answer> {
    const message = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: tool, arguments: args } };
    return (await this.post("/mcp", message))["result"].structuredContent as Answer;
  }

  private async post(path: string, body: unknown): Promise<Answer> {
    const { hostname, port } = new URL(this.server.url);
    const headers = {
      authorization: `Bearer ${this.token}`,
      accept: "application/json, text/event-stream",
      "content-type": "application/json",
      "mcp-protocol-version": "2025-11-25",
    };
    const asked = request({ hostname, port, path, method: "POST", headers, agent: this.sockets });
    asked.end(JSON.stringify(body));
    const [answer] = (await once(asked, "response")) as [IncomingMessage];
    const said = (await json(answer)) as Answer;
    expect(answer.statusCode, JSON.stringify(said)).toBe(200);
    return said;
  }
}

/** Agents with a shell and nothing in it. */
async function agentsOf(api: Api, project: string, number: number): Promise<string[]> {
  const agents = await Promise.all(Array.from({ length: number }, () => api.launch(project, { start_command: "" })));
  await api.reach("idle", ...agents);
  return agents;
}

test("a tool over MCP against plain HTTP", async ({ server }) => {
  const api = await Api.register(server, "ada");
  const project = await api.project("Engine");
  const task = await api.task(project, "Build it");
  const [agent = ""] = await agentsOf(api, project, 1);
  const client = new Client(server, tokenOf(server, agent), new HttpAgent({ keepAlive: true, maxSockets: 1 }));
  const timed = async (call: () => Promise<Answer>): Promise<number> => {
    const began = performance.now();
    await call();
    return performance.now() - began;
  };
  const [plain, mcp]: [number[], number[]] = [[], []];
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [times, call] of [
      [plain, () => client.plain("get_task", { task_id: task })],
      [mcp, () => client.mcp("get_task", { task_id: task })],
    ] as const) {
      for (let number = 0; number < CALLS; number++) {
        const took = await timed(call);
        // The first round warms up.
        if (round > 0) times.push(took);
      }
    }
  }
  record({
    what: "`tools/call` over MCP against plain HTTP, p50",
    value: median(mcp) / median(plain),
    unit: "×",
    detail: `get_task: ${format(median(mcp))} against ${format(median(plain))} ms, p95 ${format(quantile(mcp, 0.95))} against ${format(quantile(plain, 0.95))} ms, ${plain.length} calls each`,
    limit: { most: 1.3 },
  });
});

/** Seconds of a processor that a process has used. */
function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** What share of a processor the server uses while nobody wants anything, in percent. */
async function quietShare(server: AiWorker): Promise<number> {
  const before = processorSeconds(server.pid);
  await pause(QUIET);
  return ((processorSeconds(server.pid) - before) / QUIET) * 1000 * 100;
}

test("a thousand waiting claims", async ({ server }) => {
  const api = await Api.register(server, "ada");
  const project = await api.project("Engine");
  const agents = await agentsOf(api, project, AGENTS);
  const sockets = new HttpAgent({ keepAlive: true, maxSockets: Infinity });
  const clients = agents.map((agent) => new Client(server, tokenOf(server, agent), sockets));
  for (const client of clients) await client.mcp("get_next_task", { wait_seconds: 0 });
  await pause(SETTLE);
  const [memory, idle] = [residentMegabytes(server.pid), await quietShare(server)];

  let taken: (answer: Answer) => void = () => undefined;
  let waiting = 0;
  let over = false;
  const wait = async (client: Client): Promise<void> => {
    while (!over) {
      waiting += 1;
      const answer = await client.mcp("get_next_task", { wait_seconds: WAIT_SECONDS });
      waiting -= 1;
      if (answer["task"] && !answer["resumed"]) taken({ ...answer, client });
    }
  };
  const all = Promise.all(Array.from({ length: WAITING }, (_, number) => wait(clients[number % AGENTS] as Client)));
  await until("all of them wait", 30_000, async () => (await connections(server)) >= WAITING);
  await pause(SETTLE);
  const [share, more] = [(await quietShare(server)) - idle, residentMegabytes(server.pid) - memory];

  const wakes: number[] = [];
  for (let wake = 0; wake < WAKES; wake++) {
    const next = new Promise<Answer>((resolve) => (taken = resolve));
    const began = performance.now();
    await api.task(project, `task ${wake}`);
    const answer = await next;
    wakes.push(performance.now() - began);
    const held = { task_id: answer["task"].id, lease_epoch: answer["lease"].epoch };
    await (answer["client"] as Client).mcp("update_task_status", { ...held, status: "done", summary: "Done" });
    await until("all of them wait again", 10_000, () => waiting === WAITING);
  }
  over = true;
  sockets.destroy();
  await all.catch(() => undefined);
  const claims = `${WAITING} claims of ${AGENTS} agents`;
  record({
    what: "1,000 waiting claims: memory",
    value: more,
    unit: "MB",
    detail: `${claims}, VmRSS on top of ${format(memory)} MB`,
    limit: { most: 64 },
  });
  record({
    what: "1,000 waiting claims: of a processor",
    value: Math.max(share, 0),
    unit: "%",
    detail: `on top of ${format(idle)} % without them, ${QUIET / 1000} s each`,
    limit: { most: 2 },
  });
  record({
    what: "1,000 waiting claims: from the new task to the agent that has it, p95",
    value: quantile(wakes, 0.95),
    unit: "ms",
    detail: `p50 ${format(median(wakes))} ms, ${spread(wakes, "ms")}`,
    limit: { most: 300 },
  });
});

/** How many connections to the server's port there are. */
async function connections(server: AiWorker): Promise<number> {
  const port = Number(new URL(server.url).port).toString(16).toUpperCase().padStart(4, "0");
  const rows = readFileSync("/proc/net/tcp", "latin1").split("\n").slice(1);
  return rows.filter((row) => {
    const [, local, , state] = row.trim().split(/\s+/);
    return local?.endsWith(`:${port}`) && state === "01";
  }).length;
}

test("from the person's answer to the agent that waits for it", async ({ server }) => {
  const api = await Api.register(server, "ada");
  const project = await api.project("Engine");
  const [agent = ""] = await agentsOf(api, project, 1);
  const client = new Client(server, tokenOf(server, agent), new HttpAgent({ keepAlive: true, maxSockets: 2 }));
  const times: number[] = [];
  for (let number = 0; number < ANSWERS; number++) {
    const questions = [{ question: "Shall I?", options: [{ label: "Yes" }] }];
    const asked = await client.mcp("ask_user_question", { questions, wait_seconds: 0 });
    const heard = client.mcp("check_question_response", { question_id: asked["question_id"], wait_seconds: WAIT_SECONDS });
    await pause(20);
    const began = performance.now();
    const answered = api.send("POST", `/api/questions/${asked["question_id"]}/answer`, { answers: [{ selected: ["Yes"] }] });
    expect((await heard)["status"]).toBe("answered");
    times.push(performance.now() - began);
    expect((await answered).status()).toBe(200);
  }
  record({
    what: "From a person's answer to the agent that waits for it, p99",
    value: quantile(times, 0.99),
    unit: "ms",
    detail: `p50 ${format(median(times))} ms, ${spread(times, "ms")}`,
    limit: { most: 300 },
  });
});
