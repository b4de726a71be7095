// How fast a terminal is: the echo of a key, and output in bulk. Whatever way the terminal is reached.

import { setTimeout as pause } from "node:timers/promises";
import type { Api } from "../fixtures/api.ts";
import type { AiWorker } from "../fixtures/server.ts";
import { GatewayTerminal, type Terminal } from "../fixtures/terminal-client.ts";
import { type Figure, format, median, quantile, record } from "./record.ts";

/** The terminals that are measured. */
export const SIZE = { columns: 100, rows: 30 };
const KEYSTROKES = 400;
/** Keystrokes between two line ends: what a terminal holds before it takes no more. */
const LINE = 64;
/** How long the screen rests before measuring, in ms. */
const SETTLE = 500;
/** Bytes that the agent prints, in lines of 100. */
const BULK = 20_000_000;
const BULK_RUNS = 5;

/** Two ways to one terminal. */
export interface Routes {
  gateway: () => Promise<Terminal>;
  direct: () => Promise<Terminal>;
}

/** What a row of the table is called, and what it must hold. */
type Row = Pick<Figure, "what" | "limit">;

/** Measures echo and bulk output over both ways in turns, and records what the way through the server costs. */
export async function compare(routes: Routes, rows: { echo: Row; late?: Pick<Row, "limit">; bulk: Row }): Promise<void> {
  const echo = { gateway: [] as number[], direct: [] as number[] };
  for (const round of [0, 1, 2, 3]) {
    for (const [name, connect] of Object.entries(routes) as [keyof Routes, () => Promise<Terminal>][]) {
      const times = await measureEcho(await connect());
      if (round > 0) echo[name].push(...times);
    }
  }
  const [ours, theirs] = [median(echo.gateway), median(echo.direct)];
  record({
    what: rows.echo.what,
    value: ours - theirs,
    unit: "ms",
    detail: `p50 ${format(ours)} against ${format(theirs)} ms, p95 ${format(quantile(echo.gateway, 0.95))} against ${format(quantile(echo.direct, 0.95))} ms, ${echo.gateway.length} keystrokes each`,
    ...limited(rows.echo),
  });
  const late = quantile(echo.gateway, 0.99) - quantile(echo.direct, 0.99);
  record({
    what: rows.echo.what.replace("p50", "p99"),
    value: late,
    unit: "ms",
    detail: `${format(quantile(echo.gateway, 0.99))} against ${format(quantile(echo.direct, 0.99))} ms`,
    ...limited(rows.late ?? {}),
  });

  const rates = { gateway: [] as number[], direct: [] as number[] };
  for (let run = 0; run <= BULK_RUNS; run++) {
    for (const [name, connect] of Object.entries(routes) as [keyof Routes, () => Promise<Terminal>][]) {
      const rate = await measureBulk(await connect(), run);
      if (run > 0) rates[name].push(rate);
    }
  }
  record({
    what: rows.bulk.what,
    value: median(rates.gateway) / median(rates.direct),
    unit: "×",
    detail: `${format(median(rates.gateway))} against ${format(median(rates.direct))} MB/s of what the agent prints, ${BULK_RUNS} runs each`,
    ...limited(rows.bulk),
  });
}

const limited = ({ limit }: Pick<Row, "limit">): Pick<Figure, "limit"> => (limit ? { limit } : {});

/** The terminal of an agent as the dashboard reaches it. */
export async function throughGateway(server: Pick<AiWorker, "url">, api: Api, agent: string): Promise<Terminal> {
  const cookie = (await api.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  const { hostname, port } = new URL(server.url);
  const target = { hostname, port, path: `/agent-terminal/${agent}/ws`, headers: { cookie, origin: server.url } };
  return new GatewayTerminal(target, SIZE).connect();
}

/** The time from each key to its echo, in ms. */
export async function measureEcho(terminal: Terminal): Promise<number[]> {
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

/** MB/s of what the agent prints; `run` tells this one from others in the same terminal. */
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
