// Fifty restarts of the server, most of them crashes, under a hundred agents that call its tools all the time: every agent is
// there afterwards, and every task was done once.

import { Api } from "../fixtures/api.ts";
import type { AiWorker } from "../fixtures/server.ts";
import { expect, test } from "../fixtures/test.ts";
import { tokenOf } from "../fixtures/worker.ts";

const AGENTS = 100;
/** How many are launched at a time. */
const BATCH = 20;
const RESTARTS = 50;
/** How many tasks are finished between two restarts. */
const TASKS_BETWEEN = 8;
/** Every so many restarts the server is asked to end; the other times it is killed. */
const IN_ORDER = 5;
/** How long all of it may take on a machine that does other things as well. */
const DEADLINE = 300_000;
const CALL_DEADLINE = 60_000;

test.use({ options: { AIWORKER_AGENTS_PER_USER: "200" } });

/** A server that comes and goes, for those who have to wait for it. */
class Door {
  private opened: Promise<void> = Promise.resolve();
  private open: () => void = () => undefined;

  close(): void {
    this.opened = new Promise((resolve) => (this.open = resolve));
  }

  reopen(): void {
    this.open();
  }

  async isOpen(): Promise<void> {
    await this.opened;
  }
}

/** A refusal that no repetition mends: there must be none. */
class Refused extends Error {}

/** An agent at work: over MCP or over plain HTTP, and as persistent as the real one. */
class Caller {
  readonly finished: string[] = [];
  repeated = 0;

  constructor(
    private readonly url: string,
    private readonly token: string,
    private readonly overMcp: boolean,
    private readonly door: Door,
  ) {}

  /** Takes tasks and finishes them until there is none left; `done` hears of each. */
  async work(done: () => void): Promise<void> {
    for (;;) {
      const taken = await this.call("get_next_task", { wait_seconds: 0 });
      const task = taken["task"]?.id as string | undefined;
      if (task === undefined) return;
      const held = { task_id: task, lease_epoch: taken["lease"].epoch };
      await this.call("report_progress", { ...held, summary: "At it" });
      await this.call("update_task_status", { ...held, status: "done", summary: "Done", idempotency_key: `done-${task}` });
      this.finished.push(task);
      done();
    }
  }

  /** Makes the same call until it is answered. */
  private async call(tool: string, args: Record<string, unknown>): Promise<Record<string, any>> {
    for (;;) {
      await this.door.isOpen();
      const answer = await this.once(tool, args).catch((error: unknown) => {
        if (error instanceof Refused) throw error;
        return undefined;
      });
      if (answer) return answer;
      this.repeated += 1;
    }
  }

  private async once(tool: string, args: Record<string, unknown>): Promise<Record<string, any> | undefined> {
    const message = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: tool, arguments: args } };
    const [path, body] = this.overMcp ? ["/mcp", message] : [`/api/mcp/${tool}`, args];
    const answer = await fetch(`${this.url}${path}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${this.token}`,
        accept: "application/json, text/event-stream",
        "content-type": "application/json",
        "mcp-protocol-version": "2025-11-25",
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(CALL_DEADLINE),
    });
    const said = (await answer.json()) as Record<string, any>;
    // On its way down, or busy: what every client is told to do then is to come back.
    if (answer.status === 503) return undefined;
    if (!this.overMcp) {
      if (!said["success"]) throw new Refused(`${tool}: ${JSON.stringify(said)}`);
      return said["data"] as Record<string, any>;
    }
    const text = JSON.parse(said["result"]?.content?.[0]?.text ?? "null") as Record<string, any> | null;
    if (!text || said["result"].isError) {
      if (text?.["retryable"]) return undefined;
      throw new Refused(`${tool}: ${JSON.stringify(said)}`);
    }
    return text;
  }
}

test("fifty restarts under a hundred agents lose no agent and no task", async ({ server }) => {
  test.setTimeout(DEADLINE);
  const api = await Api.register(server, "ada");
  const project = await api.project("Crowd");
  const agents: string[] = [];
  while (agents.length < AGENTS) {
    const batch = await Promise.all(Array.from({ length: BATCH }, () => api.launch(project, { start_command: "" })));
    await api.reach("idle", ...batch);
    agents.push(...batch);
  }
  const tasks = (RESTARTS + 1) * TASKS_BETWEEN;
  for (let number = 0; number < tasks; number++) await api.task(project, `task ${number}`);
  // Not those that only helped at their start.
  const running = stillRunning(server, server.processes());
  expect(running.length).toBeGreaterThanOrEqual(AGENTS);

  const door = new Door();
  let finished = 0;
  let reached: () => void = () => undefined;
  const callers = agents.map((agent, number) => new Caller(server.url, tokenOf(server, agent), number % 2 === 0, door));
  const working = Promise.all(callers.map((caller) => caller.work(() => ((finished += 1), reached()))));
  for (let restart = 1; restart <= RESTARTS; restart++) {
    const enough = new Promise<void>((resolve) => {
      reached = () => finished >= restart * TASKS_BETWEEN && resolve();
      reached();
    });
    await Promise.race([enough, working]);
    door.close();
    await (restart % IN_ORDER === 0 ? server.stop() : server.kill());
    await server.start();
    door.reopen();
  }
  await working;

  const all = callers.flatMap((caller) => caller.finished);
  expect([all.length, new Set(all).size], "every task was finished by one agent").toEqual([tasks, tasks]);
  expect(callers.reduce((sum, { repeated }) => sum + repeated, 0), "calls were cut off").toBeGreaterThan(RESTARTS);
  const listed = Object.values(await api.read(`/api/projects/${project}/tasks`)) as Record<string, any>[];
  expect(listed.filter(({ state, attempts, lease }) => state !== "done" || attempts !== 0 || lease !== null)).toEqual([]);
  expect(listed.length).toBe(tasks);
  for (const { id } of listed) {
    const told = Object.values(await api.read(`/api/tasks/${id}/timeline`)) as { kind: string; to?: string }[];
    expect(told.filter(({ kind }) => kind === "task_claimed").length, `${id} was taken once`).toBe(1);
    expect(told.filter(({ kind, to }) => kind === "task_moved" && to === "done").length, `${id} was done once`).toBe(1);
  }

  await api.reach("idle", ...agents);
  expect(stillRunning(server, running).length, "the same processes go on").toBe(running.length);
});

/** Those of the processes that run now. */
function stillRunning(server: AiWorker, processes: number[]): number[] {
  const now = new Set(server.processes());
  return processes.filter((pid) => now.has(pid));
}
