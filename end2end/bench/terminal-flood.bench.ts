// A terminal in which a program floods: how soon a key is answered by another program in it, whether a viewer that reads nothing holds up
// one that does, and how soon that one sees the screen when it reads again.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Api } from "../fixtures/api.ts";
import type { AiWorker } from "../fixtures/server.ts";
import { GatewayTerminal, type Terminal, ttydTerminal } from "../fixtures/terminal-client.ts";
import { expect, test } from "../fixtures/test.ts";
import { format, median, quantile, record } from "./record.ts";

const SIZE = { columns: 200, rows: 50 };
/** How long a program floods before the first key, in ms. */
const FLOOD = 2000;
/** How long the screen rests before and after that, in ms. */
const SETTLE = 500;
const ROUNDS = 4;
const KEYS = 100;
/** Between two keys, in ms. */
const APART = 20;
/** How long a viewer reads nothing, in ms. */
const STALL = 20_000;
const STALLS = 5;

/** What programs do at their beginning. What is typed is read through a pipe: bash would wait for the terminal to have printed everything
 *  before each key. */
const BEGIN = `stty -echo -icanon
cat | {
  trap "kill \\$! 2>/dev/null; stty sane <$(tty); printf '\\033[2J\\033[Hover-%s\\n' $((1+1))" EXIT
  trap exit INT
`;
const PROGRAMS = {
  /** Floods, and with another letter for each key. An answer that stands in one place would not do: tmux 3.3 now and then leaves out such
   *  a change among lines that scroll, for ttyd as for us. */
  flood: `${BEGIN}
  yes aaaaaaaa &
  while IFS= read -rN1 key; do
    { kill $! && wait $!; } 2>/dev/null
    yes "$key$key$key$key$key$key$key$key" &
  done
}
`,
  /** Prints some 200 kB a second, and at once what was typed. */
  pour: `${BEGIN}
  plain=$(yes '######## is what some program prints, as programs do, one line behind another' | head -55)
  lines=$plain
  while printf '%s\\n' "$lines"; do
    IFS= read -rN1 -t 0.02 key
    # A key that comes as the time is over is read, too.
    [ -z "$key" ] || lines=\${plain//#/$key}
  done
}
`,
};

/** The keys, of which none is in anything else that is printed. */
const LETTERS = "BCDEFGHIJKLMNOPQRSTUVWXZ";

interface Agent {
  server: AiWorker;
  id: string;
  viewer: () => Promise<GatewayTerminal>;
  directly: () => Promise<Terminal>;
}

async function agentOf(server: AiWorker): Promise<Agent> {
  const api = await Api.register(server, "ada");
  const id = await api.launch(await api.project("Engine"), { name: "flood" });
  await api.reach("idle", id);
  for (const [name, program] of Object.entries(PROGRAMS)) writeFileSync(join(server.data, "agents", id, "workspace", name), program);
  const cookie = (await api.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  const { hostname, port } = new URL(server.url);
  const target = { hostname, port, path: `/agent-terminal/${id}/ws`, headers: { cookie, origin: server.url } };
  const run = join(server.data, "agents", id, "run");
  const credential = `agent:${readFileSync(join(run, "terminal-password"), "latin1")}`;
  return {
    server,
    id,
    viewer: () => new GatewayTerminal(target, SIZE).connect(),
    directly: () => ttydTerminal({ socketPath: join(run, "ttyd.sock") }, credential, SIZE),
  };
}

async function begin(terminal: Terminal, program: keyof typeof PROGRAMS): Promise<void> {
  await pause(SETTLE);
  terminal.type(`bash ${program}\r`);
  await pause(FLOOD);
}

async function end(terminal: Terminal): Promise<void> {
  const over = terminal.shows("over-2");
  terminal.type("\u0003");
  await over;
  await pause(SETTLE);
}

/** Milliseconds from each key to what the program prints for it. */
async function answers(terminal: Terminal): Promise<number[]> {
  const took: number[] = [];
  for (let key = 0; key < KEYS; key++) {
    const letter = LETTERS[key % LETTERS.length] ?? "B";
    const shown = terminal.shows(letter.repeat(8));
    const pressed = performance.now();
    terminal.type(letter);
    await shown;
    took.push(performance.now() - pressed);
    await pause(APART);
  }
  return took;
}

test("a program's answer to a key in a flood", async ({ server }) => {
  const agent = await agentOf(server);
  const took = { ours: [] as number[], theirs: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    const viewer = await agent.viewer();
    await begin(viewer, "flood");
    took.ours.push(...(await answers(viewer)));
    await end(viewer);
    viewer.leave();
    const ttyd = await agent.directly();
    await begin(ttyd, "flood");
    took.theirs.push(...(await answers(ttyd)));
    await end(ttyd);
    ttyd.close();
  }
  const [ours, theirs] = [quantile(took.ours, 0.99), quantile(took.theirs, 0.99)];
  record({
    what: "Terminal: a program's answer to a key while `yes` floods the same terminal, p99",
    value: ours,
    unit: "ms",
    detail: `p50 ${format(median(took.ours))} ms; ttyd dialled directly p50 ${format(median(took.theirs))} ms, p99 ${format(theirs)} ms; ${took.ours.length} keys each`,
    limit: { most: 100 },
  });
});

test("a viewer beside one that reads nothing", async ({ server }) => {
  const agent = await agentOf(server);
  const [active, other] = [await agent.viewer(), await agent.viewer()];
  await begin(active, "pour");
  const took = { alone: [] as number[], beside: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    took.alone.push(...(await answers(active)));
    const before = other.resets;
    other.stall();
    await pause(FLOOD);
    took.beside.push(...(await answers(active)));
    // It was so far behind that it got a fresh screen.
    other.goOn();
    await expect.poll(() => other.resets).toBeGreaterThan(before);
    await pause(SETTLE);
  }
  await end(active);
  active.leave();
  other.leave();
  record({
    what: "Terminal: echo beside a viewer that reads nothing, added p99",
    value: quantile(took.beside, 0.99) - quantile(took.alone, 0.99),
    unit: "ms",
    detail: `p50 ${format(median(took.beside))} against ${format(median(took.alone))} ms, p99 ${format(quantile(took.beside, 0.99))} against ${format(quantile(took.alone, 0.99))} ms, ${took.beside.length} keys each, 200 kB/s printed`,
    limit: { most: 5 },
  });
});

test("the screen of a viewer that reads again", async ({ server }) => {
  const agent = await agentOf(server);
  const [typist, viewer] = [await agent.viewer(), await agent.viewer()];
  const took: number[] = [];
  const bytes: number[] = [];
  for (let time = 0; time < STALLS; time++) {
    await begin(typist, "flood");
    viewer.stall();
    const before = { received: viewer.received, resets: viewer.resets };
    await pause(STALL / STALLS);
    const mark = LETTERS[time]?.repeat(8) ?? "";
    const printed = typist.shows(mark);
    typist.type(mark.slice(0, 1));
    await printed;
    const shown = viewer.shows(mark);
    const began = performance.now();
    viewer.goOn();
    await shown;
    took.push(performance.now() - began);
    bytes.push(viewer.received - before.received);
    expect(viewer.resets, "it got a fresh screen").toBeGreaterThan(before.resets);
    await end(typist);
  }
  typist.leave();
  viewer.leave();
  record({
    what: "Terminal: from reading again to the screen, after reading nothing in a flood, most",
    value: Math.max(...took),
    unit: "ms",
    detail: `p50 ${format(median(took))} ms, ${took.length} times after ${STALL / STALLS / 1000} s; ${Math.round(Math.max(...bytes) / 1000)} kB came, history and screen among them`,
    limit: { most: 500 },
  });
});
