// What the server costs a terminal: the same agent's ttyd through the gateway and dialled directly, echo and bulk, in turns.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Api } from "../fixtures/api.ts";
import type { AiWorker } from "../fixtures/server.ts";
import { test } from "../fixtures/test.ts";
import { GatewayTerminal, type Terminal, ttydTerminal } from "../fixtures/terminal-client.ts";
import { format, median, quantile, record } from "./record.ts";

const SIZE = { columns: 100, rows: 30 };
const KEYSTROKES = 400;
/** Keystrokes between two line ends: what a terminal holds before it takes no more. */
const LINE = 64;
/** How long the screen rests before measuring, in ms. */
const SETTLE = 500;
/** Bytes that the agent prints, in lines of 100. */
const BULK = 20_000_000;
const BULK_RUNS = 5;

test("echo and bulk output through the gateway", async ({ server }) => {
  const api = await Api.register(server, "ada");
  const agent = await api.launch(await api.project("Engine"), { name: "echo" });
  await api.reach("idle", agent);
  const routes = { gateway: async () => throughGateway(server, api, agent), direct: async () => directly(server, agent) };

  const echo = { gateway: [] as number[], direct: [] as number[] };
  for (const round of [0, 1, 2, 3]) {
    for (const [name, connect] of Object.entries(routes) as ["gateway" | "direct", () => Promise<Terminal>][]) {
      const times = await measureEcho(await connect());
      if (round > 0) echo[name].push(...times);
    }
  }
  const [ours, theirs] = [median(echo.gateway), median(echo.direct)];
  record({
    what: "Terminal echo through the server: added p50",
    value: ours - theirs,
    unit: "ms",
    detail: `p50 ${format(ours)} against ${format(theirs)} ms, p95 ${format(quantile(echo.gateway, 0.95))} against ${format(quantile(echo.direct, 0.95))} ms, ${echo.gateway.length} keystrokes each`,
    limit: { most: 0.3 },
  });

  const rates = { gateway: [] as number[], direct: [] as number[] };
  for (let run = 0; run <= BULK_RUNS; run++) {
    for (const [name, connect] of Object.entries(routes) as ["gateway" | "direct", () => Promise<Terminal>][]) {
      const rate = await measureBulk(await connect(), run);
      if (run > 0) rates[name].push(rate);
    }
  }
  record({
    what: "Terminal bulk output through the server, of direct",
    value: median(rates.gateway) / median(rates.direct),
    unit: "×",
    detail: `${format(median(rates.gateway))} against ${format(median(rates.direct))} MB/s of what the agent prints, ${BULK_RUNS} runs each`,
    limit: { least: 0.8 },
  });
});

async function measureEcho(terminal: Terminal): Promise<number[]> {
  await pause(SETTLE);
  // The kernel echoes what nobody reads yet: no shell in between.
  terminal.type("clear; cat >/dev/null; echo ca''t-gone\r");
  await pause(SETTLE);
  const times: number[] = [];
  for (let key = 0; key < KEYSTROKES; key++) {
    const letter = "abcdefghij"[key % 10] ?? "a";
    const shown = terminal.shows(letter);
    const pressed = performance.now();
    terminal.type(letter);
    await shown;
    times.push(performance.now() - pressed);
    if (key % LINE === LINE - 1) {
      terminal.type("\r");
      await pause(20);
    }
  }
  const gone = terminal.shows("cat-gone");
  terminal.type("\r\u0004");
  await gone;
  terminal.close();
  return times;
}

async function measureBulk(terminal: Terminal, run: number): Promise<number> {
  await pause(SETTLE);
  const done = terminal.shows(`bulk-done-${run}`);
  const started = performance.now();
  terminal.type(`head -c ${BULK} /dev/zero | tr '\\0' x | fold -w 100; echo bulk-"done"-${run}\r`);
  await done;
  const seconds = (performance.now() - started) / 1000;
  terminal.close();
  return BULK / 1e6 / seconds;
}

async function throughGateway(server: AiWorker, api: Api, agent: string): Promise<Terminal> {
  const cookie = (await api.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  const { hostname, port } = new URL(server.url);
  const target = { hostname, port, path: `/agent-terminal/${agent}/ws`, headers: { cookie, origin: server.url } };
  return new GatewayTerminal(target, SIZE).connect();
}

async function directly(server: AiWorker, agent: string): Promise<Terminal> {
  const run = join(server.data, "agents", agent, "run");
  const credential = `agent:${readFileSync(join(run, "terminal-password"), "latin1")}`;
  return ttydTerminal({ socketPath: join(run, "ttyd.sock") }, credential, SIZE);
}
