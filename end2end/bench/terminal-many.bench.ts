// Thousands of terminals on one server: what an idle one costs, what a gigabyte costs, and how soon keys are answered while all of them
// print. The agent's side is a ttyd with nothing behind it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setImmediate as breathe, setTimeout as pause } from "node:timers/promises";
import { Api } from "../fixtures/api.ts";
import { MockTtyd } from "../fixtures/mock-ttyd.ts";
import type { AiWorker } from "../fixtures/server.ts";
import { GatewayTerminal } from "../fixtures/terminal-client.ts";
import { expect, test } from "../fixtures/test.ts";
import { format, median, quantile, record } from "./record.ts";

const IDLE = 5000;
const BUSY = 1000;
/** Bytes per second that each busy terminal prints, and how often. Agents do not wait for each other: they print in so many turns. */
const RATE = 40_000;
const PRINTS = 20;
const TURNS = 25;
/** How long the idle ones are watched, and how long the busy ones print, in seconds. */
const WATCH = 25;
/** Connections that are made at one time. */
const AT_ONCE = 50;
const BULK = 300_000_000;
const KEYS = 500;
/** Terminals that print to pages which read nothing, bytes per second of each, and for how long, in seconds. */
const STALLED = 100;
const STALLED_RATE = 100_000;
const STALL = 15;

test.use({ options: { AIWORKER_TERMINALS: "6000", AIWORKER_TERMINALS_PER_USER: "6000", AIWORKER_TERMINAL_READ_SECONDS: "0", AIWORKER_LOG: "warn" } });
test.setTimeout(600_000);

interface Many {
  server: AiWorker;
  mock: MockTtyd;
  open: (count: number) => Promise<GatewayTerminal[]>;
}

async function many(server: AiWorker): Promise<Many> {
  const api = await Api.register(server, "ada");
  const agent = await api.launch(await api.project("Engine"), { name: "many" });
  await api.reach("idle", agent);
  const mock = await MockTtyd.instead(join(server.data, "agents", agent, "run", "ttyd.sock"));
  const cookie = (await api.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  const { hostname, port } = new URL(server.url);
  const target = { hostname, port, path: `/agent-terminal/${agent}/ws`, headers: { cookie, origin: server.url }, agent: false as const };
  const open = async (count: number): Promise<GatewayTerminal[]> => {
    const terminals: GatewayTerminal[] = [];
    while (terminals.length < count) {
      const some = Array.from({ length: Math.min(AT_ONCE, count - terminals.length) }, () =>
        new GatewayTerminal(target, { columns: 80, rows: 24 }).connect(),
      );
      terminals.push(...(await Promise.all(some)));
    }
    return terminals;
  };
  return { server, mock, open };
}

/** Resident memory in bytes. */
function memory(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]) * 1024;
}

/** Seconds of a processor that the process has used. */
function processor(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

test("terminals that do nothing", async ({ server }) => {
  const { mock, open } = await many(server);
  // What the first ones allocate for good is not theirs.
  await open(50);
  await pause(2000);
  const before = memory(server.pid);
  await open(IDLE);
  await pause(5000);
  const each = (memory(server.pid) - before) / IDLE;
  expect(mock.count).toBe(IDLE + 50);
  const [began, used] = [performance.now(), processor(server.pid)];
  await pause(WATCH * 1000);
  const share = ((processor(server.pid) - used) / (performance.now() - began)) * 100_000;
  expect(mock.count, "none was dropped").toBe(IDLE + 50);
  mock.close();
  record({ what: `Terminal: memory of one of ${IDLE} idle ones`, value: each / 1000, unit: "kB", detail: "resident, without TLS", limit: { most: 50 } });
  record({ what: `Terminal: processor for ${IDLE} idle ones`, value: share, unit: "%", detail: `of one core, over ${WATCH} s, pings among it`, limit: { most: 5 } });
});

test("terminals whose pages read nothing", async ({ server }) => {
  const { mock, open } = await many(server);
  await open(50);
  const terminals = await open(STALLED);
  await pause(2000);
  const before = memory(server.pid);
  for (const terminal of terminals) terminal.stall();
  const line = Buffer.alloc(STALLED_RATE / PRINTS, "z".repeat(79) + "\n");
  let most = 0;
  for (let [next, number] = [performance.now(), 0]; number < STALL * PRINTS; next += 1000 / PRINTS, number++) {
    mock.print(line);
    most = Math.max(most, memory(server.pid));
    await pause(Math.max(0, next - performance.now()));
  }
  const told = terminals.map(({ received }) => received);
  for (const terminal of terminals) terminal.goOn();
  await expect.poll(() => terminals.filter(({ resets }) => resets > 0).length, { message: "each gets a fresh screen" }).toBe(STALLED);
  const underWay = terminals.map(({ received }, index) => received - (told[index] ?? 0));
  mock.close();
  record({
    what: "Terminal: memory of one whose page reads nothing, most",
    value: (most - before) / STALLED / 1000,
    unit: "kB",
    detail: `${STALLED} of them, ${STALL} s at ${STALLED_RATE / 1000} kB/s each; ${Math.round(median(underWay) / 1000)} kB were under way to each, of ${(STALL * STALLED_RATE) / 1000} kB printed`,
    limit: { most: 600 },
  });
});

test("a gigabyte", async ({ server }) => {
  const { mock, open } = await many(server);
  const [terminal] = await open(1);
  const piece = Buffer.alloc(4095, "x".repeat(99) + "\n");
  const used = processor(server.pid);
  // As fast as the server takes it, but never so far ahead that it leaves something out.
  for (let sent = 0; sent < BULK; ) {
    for (let count = 0; count < 30; count++, sent += piece.length) mock.print(piece);
    await terminal?.ping();
  }
  const done = terminal?.shows("all-of-it");
  mock.print("all-of-it");
  await done;
  // Of what came through: what is left out costs nothing.
  const received = terminal?.received ?? 0;
  expect(received, "nearly all of it came through").toBeGreaterThan(0.99 * BULK);
  const seconds = (processor(server.pid) - used) / (received / 1e9);
  mock.close();
  record({
    what: "Terminal: processor for a gigabyte of output",
    value: seconds,
    unit: "s",
    detail: `${Math.round(received / 1e6)} of ${BULK / 1e6} MB in messages of 4 kB, acknowledged; ${terminal?.resets} repaints`,
    limit: { most: 4.5 },
  });
});

test("a thousand terminals that print", async ({ server }) => {
  const { mock, open } = await many(server);
  const [typist] = await open(1);
  await open(BUSY);
  const line = Buffer.alloc(RATE / PRINTS, "y".repeat(79) + "\n");
  let stop = false;
  const printing = (async () => {
    const turn = 1000 / PRINTS / TURNS;
    for (let [next, number] = [performance.now(), 0]; !stop; next += turn, number++) {
      mock.print(line, number % TURNS, TURNS);
      const rest = next + turn - performance.now();
      if (rest >= 1) await pause(rest);
      else await breathe();
    }
  })();
  await pause(3000);
  // How late this process itself is, which plays a thousand agents and a thousand browsers: a key waits for that, too.
  const lateness = monitorEventLoopDelay({ resolution: 1 });
  lateness.enable();
  const [began, used, sent] = [performance.now(), processor(server.pid), typist?.received ?? 0];
  const took: number[] = [];
  for (let key = 0; key < KEYS && typist; key++) {
    const mark = `<key-${key}>`;
    const shown = typist.shows(mark);
    const pressed = performance.now();
    typist.type(mark);
    await shown;
    took.push(performance.now() - pressed);
    await pause(20);
  }
  const seconds = (performance.now() - began) / 1000;
  const share = ((processor(server.pid) - used) / seconds) * 100;
  const rate = ((typist?.received ?? 0) - sent) / seconds;
  lateness.disable();
  stop = true;
  await printing;
  mock.close();
  record({
    what: `Terminal: echo while ${BUSY} terminals print ${RATE / 1000} kB/s each, p99`,
    value: quantile(took, 0.99),
    unit: "ms",
    detail: `p50 ${format(median(took))} ms, ${took.length} keys, ${format(rate / 1000)} kB/s each came through; the server took ${Math.round(share)} % of a processor; the process that is the browsers and the agents was late by ${format(lateness.percentile(50) / 1e6)} ms, p99 ${format(lateness.percentile(99) / 1e6)} ms`,
    limit: { most: 50 },
  });
});
