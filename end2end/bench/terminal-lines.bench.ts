// The terminal on slow lines: how soon Ctrl+C is quiet, how soon a lost connection is back, how soon a flood lets an answer through. The
// lines are the relay of fixtures/link.ts; ttyd, dialled directly through the same relay, stands beside.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Api } from "../fixtures/api.ts";
import { Link } from "../fixtures/link.ts";
import type { AiWorker } from "../fixtures/server.ts";
import { GatewayTerminal, type Terminal, ttydTerminal } from "../fixtures/terminal-client.ts";
import { test } from "../fixtures/wetty.ts";
import { format, median, quantile, record } from "./record.ts";

const SIZE = { columns: 200, rows: 50 };
const LINES = {
  "10 Mbit/s, 50 ms": { line: { delay: 25, rate: 1_250_000 }, most: 300 },
  "200 kB/s, 50 ms": { line: { delay: 25, rate: 200_000 }, most: 1000 },
};
/** How long a program floods before it is interrupted, in ms. */
const FLOOD = 2000;
/** Nothing came for so long: it is quiet. In ms. */
const QUIET = 1500;
/** Nothing came for so long after Ctrl+C: it is given up. In ms. */
const HELD_UP = 30_000;
const INTERRUPTS = 12;
const CUTS = 25;
const KEYS = 150;
const REPAINTS = 30;
const KILLS = 5;

interface Agent {
  server: AiWorker;
  api: Api;
  id: string;
}

async function agentOf(server: AiWorker): Promise<Agent> {
  const api = await Api.register(server, "ada");
  const id = await api.launch(await api.project("Engine"), { name: "line" });
  await api.reach("idle", id);
  return { server, api, id };
}

async function viewerOf(agent: Agent, link: Link): Promise<GatewayTerminal> {
  return (await terminalOf(agent, link)).connect();
}

async function terminalOf({ server, api, id }: Agent, link: Link): Promise<GatewayTerminal> {
  const cookie = (await api.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  const headers = { cookie, origin: server.url, host: new URL(server.url).host };
  return new GatewayTerminal({ hostname: "127.0.0.1", port: link.port, path: `/agent-terminal/${id}/ws`, headers }, SIZE);
}

/** Milliseconds from Ctrl+C to the last output of a flood, several times. */
async function interrupts(terminal: Terminal, times: number): Promise<number[]> {
  const took: number[] = [];
  await pause(QUIET);
  for (let time = 0; time < times; time++) {
    terminal.type("yes\r");
    await pause(FLOOD);
    const pressed = performance.now();
    terminal.type("\u0003");
    // Something must come: the key is echoed. Until then nothing is quiet, but held up.
    const isOver = (): boolean => {
      const [now, heard] = [performance.now(), terminal.heard()];
      return heard < pressed ? now - pressed > HELD_UP : now - heard > QUIET;
    };
    while (!isOver()) await pause(20);
    took.push(terminal.heard() < pressed ? HELD_UP : terminal.heard() - pressed);
  }
  return took;
}

for (const [name, { line, most }] of Object.entries(LINES)) {
  test(`quiet after Ctrl+C at ${name}`, async ({ server, wetty }) => {
    const agent = await agentOf(server);
    const { hostname, port } = new URL(server.url);
    const link = await Link.to({ host: hostname, port: Number(port) }, line);
    const viewer = await viewerOf(agent, link);
    const ours = await interrupts(viewer, INTERRUPTS);
    viewer.close();
    link.close();

    const run = join(server.data, "agents", agent.id, "run");
    const direct = await Link.to({ path: join(run, "ttyd.sock") }, line);
    const credential = `agent:${readFileSync(join(run, "terminal-password"), "latin1")}`;
    const ttyd = await ttydTerminal({ hostname: "127.0.0.1", port: direct.port }, credential, SIZE);
    const theirs = await interrupts(ttyd, 3);
    ttyd.close();
    direct.close();

    const besides = await Link.to({ host: "127.0.0.1", port: wetty.port }, line);
    const other = await wetty.connect(SIZE, besides.port);
    const others = await interrupts(other, 3);
    other.close();
    besides.close();
    record({
      what: `Terminal: quiet after Ctrl+C under \`yes\`, ${name}, p99`,
      value: quantile(ours, 0.99),
      unit: "ms",
      detail: `p50 ${format(median(ours))} ms, ${ours.length} times; ttyd dialled directly p50 ${format(median(theirs))} ms, wetty p50 ${format(median(others))} ms`,
      limit: { most },
    });
  });
}

test("back after a cut", async ({ server }) => {
  const agent = await agentOf(server);
  const { hostname, port } = new URL(server.url);
  const link = await Link.to({ host: hostname, port: Number(port) }, { delay: 25, rate: 1_250_000 });
  const viewer = await viewerOf(agent, link);
  await pause(QUIET);
  viewer.type("cat >/dev/null\r");
  await pause(QUIET);
  const took: number[] = [];
  for (let cut = 0; cut < CUTS; cut++) {
    link.cut();
    await pause(200);
    link.mend();
    const letter = "abcdefghij"[cut % 10] ?? "a";
    const shown = viewer.shows(letter);
    const back = performance.now();
    await viewer.connect();
    viewer.type(letter);
    await shown;
    took.push(performance.now() - back);
  }
  const resets = viewer.resets;
  viewer.close();
  link.close();
  record({
    what: "Terminal: from the net's return to the echo of a key, 50 ms round trip, p50",
    value: median(took),
    unit: "ms",
    detail: `${took.length} cuts, ${resets} repaints`,
    limit: { most: 300 },
  });
  record({
    what: "The same, p99",
    value: quantile(took, 0.99),
    unit: "ms",
    detail: `${format(Math.min(...took))} to ${format(Math.max(...took))} ms`,
    limit: { most: 1500 },
  });
});

test("answers in a flood", async ({ server }) => {
  const agent = await agentOf(server);
  const { hostname, port } = new URL(server.url);
  const link = await Link.to({ host: hostname, port: Number(port) }, { delay: 0, rate: 1e9 });
  const viewer = await viewerOf(agent, link);
  await pause(QUIET);
  viewer.type("yes\r");
  await pause(FLOOD);
  const took: number[] = [];
  for (let key = 0; key < KEYS; key++) {
    const pressed = performance.now();
    // A key of its own would drown: tmux shows a viewer only what is on the screen at the moment. The answer to a ping waits behind
    // the same output as an echo does.
    await viewer.ping();
    took.push(performance.now() - pressed);
    await pause(20);
  }
  viewer.type("\u0003");
  viewer.close();
  link.close();
  record({
    what: "Terminal: answer to a ping while `yes` floods the same terminal, p99",
    value: quantile(took, 0.99),
    unit: "ms",
    detail: `p50 ${format(median(took))} ms, ${took.length} pings`,
    limit: { most: 100 },
  });
});

test("a repaint", async ({ server }) => {
  const agent = await agentOf(server);
  const { hostname, port } = new URL(server.url);
  const link = await Link.to({ host: hostname, port: Number(port) }, { delay: 0, rate: 1e9 });
  const first = await viewerOf(agent, link);
  await pause(QUIET);
  const printed = first.shows("painted-2");
  first.type(`seq -f 'line %.0f of some length, as a program prints it' 1 2000; echo painted-$((1+1))\r`);
  await printed;
  await pause(QUIET);
  first.close();
  const took = { ours: [] as number[], theirs: [] as number[] };
  const sizes: number[] = [];
  const run = join(server.data, "agents", agent.id, "run");
  const credential = `agent:${readFileSync(join(run, "terminal-password"), "latin1")}`;
  for (let time = 0; time < REPAINTS; time++) {
    const viewer = await terminalOf(agent, link);
    const began = performance.now();
    const shown = viewer.shows("painted-2");
    await viewer.connect();
    await shown;
    took.ours.push(performance.now() - began);
    sizes.push(viewer.received);
    viewer.leave();
    await pause(100);
    const dialled = performance.now();
    const ttyd = await ttydTerminal({ socketPath: join(run, "ttyd.sock") }, credential, SIZE);
    await ttyd.shows("painted-2");
    took.theirs.push(performance.now() - dialled);
    ttyd.close();
    await pause(100);
  }
  link.close();
  record({
    what: "Terminal: from opening to the screen, 200×50 with 2,000 lines of history, p50",
    value: median(took.ours),
    unit: "ms",
    detail: `p99 ${format(quantile(took.ours, 0.99))} ms; sign-in, ttyd, attach.sh and tmux among it`,
    limit: { most: 30 },
  });
  record({
    what: "The same, added to ttyd dialled directly",
    value: median(took.ours) - median(took.theirs),
    unit: "ms",
    detail: `ttyd dialled directly p50 ${format(median(took.theirs))} ms, p99 ${format(quantile(took.theirs, 0.99))} ms, asked for the same history`,
    limit: { most: 30 },
  });
  record({
    what: "Terminal: what is sent for it",
    value: median(sizes) / 1000,
    unit: "kB",
    detail: `${sizes.length} times`,
    limit: { most: 300 },
  });
});

test("back after a killed server", async ({ server }) => {
  const agent = await agentOf(server);
  const { hostname, port } = new URL(server.url);
  const link = await Link.to({ host: hostname, port: Number(port) }, { delay: 25, rate: 1_250_000 });
  let viewer = await viewerOf(agent, link);
  await pause(QUIET);
  viewer.type("cat >/dev/null\r");
  await pause(QUIET);
  const took: number[] = [];
  for (let time = 0; time < KILLS; time++) {
    await server.kill();
    viewer.close();
    await server.start();
    const up = performance.now();
    viewer = await viewerOf(agent, link);
    const letter = "abcdefghij"[time % 10] ?? "a";
    const shown = viewer.shows(letter);
    viewer.type(letter);
    await shown;
    took.push(performance.now() - up);
  }
  viewer.close();
  link.close();
  record({
    what: "Terminal: from the server's return after a kill to the echo of a key, 50 ms round trip, p50",
    value: median(took),
    unit: "ms",
    detail: `most ${format(Math.max(...took))} ms, ${took.length} kills`,
    limit: { most: 2000 },
  });
});
