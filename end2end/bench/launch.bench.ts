// From the click on "Launch agent" to the first byte of its terminal in the browser's hands, against starting the same entrypoint
// in the same sandbox by hand and dialling its ttyd directly. The terminal is opened at once, as by somebody who clicks on "Open
// terminal" without waiting: it is there as soon as the agent is.

import { spawn } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { RequestOptions } from "node:http";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Api } from "../fixtures/api.ts";
import { endAll } from "../fixtures/processes.ts";
import { expect, test } from "../fixtures/test.ts";
import { WebSocketClient } from "../fixtures/websocket.ts";
import { Page } from "./page.ts";
import { format, median, record, spread } from "./record.ts";

const RUNS = 15;
const SIZE = { columns: 80, rows: 24 };
/** What comes before the output in a message of the server: its type and a number of eight bytes. */
const OUTPUT_HEAD = 9;
/** How often to ask whether something is there yet, in ms. */
const TICK = 2;
/** How long the machine rests between two launches, so that cleaning up after one does not slow the next. */
const REST = 300;

test("launch to first terminal byte", async ({ server }) => {
  // Bubblewrap reads what the sandbox looks like from a pipe; this keeps a copy on its way.
  const kept = join(server.data, "bench-arguments");
  const keeper = join(server.data, "bench-bwrap");
  // The server tries the program without that pipe first.
  writeFileSync(keeper, `#!/bin/sh\n[ -e /proc/self/fd/4 ] || exec bwrap "$@"\ncat <&4 >'${kept}'\nexec bwrap "$@" 4<'${kept}'\n`);
  chmodSync(keeper, 0o755);
  await server.stop();
  await server.start({ AIWORKER_BWRAP: keeper });
  const api = await Api.register(server, "ada");
  const project = await api.project("Engine");
  const model = await api.launch(project, { name: "model" });
  await api.reach("idle", model);
  const recipe = {
    model,
    folder: join(server.data, "agents", model),
    arguments: readFileSync(kept, "latin1"),
    password: readFileSync(join(server.data, "agents", model, "run", "terminal-password"), "latin1"),
  };
  await server.stop();
  await server.start();

  const page = await Page.open(server, api);
  const [launched, byHand]: [number[], number[]] = [[], []];
  for (let run = 0; run <= RUNS; run++) {
    const [ours, theirs] = [await launch(page, api, server.data, project), await startByHand(recipe)];
    // The first of each fills caches.
    if (run > 0) {
      launched.push(ours);
      byHand.push(theirs);
    }
  }
  record({
    what: "Launch to first terminal byte against starting the entrypoint by hand",
    value: median(launched) / median(byHand),
    unit: "×",
    detail: `${format(median(launched))} ms (${spread(launched, "ms")}), by hand ${format(median(byHand))} ms (${spread(byHand, "ms")})`,
    limit: { most: 1.3 },
  });
});

/** Milliseconds from the request to the first output that the gateway delivers. */
async function launch(page: Page, api: Api, data: string, project: string): Promise<number> {
  await pause(REST);
  const started = performance.now();
  const agent = await page.launch(project);
  const hello = Buffer.concat([Buffer.from([0x05]), Buffer.from(JSON.stringify({ cols: SIZE.columns, rows: SIZE.rows }))]);
  const target = { ...page.target, path: `/agent-terminal/${agent}/ws` };
  await firstByte(target, "aiworker.terminal.v2", hello, 0x81, OUTPUT_HEAD);
  const took = performance.now() - started;
  await page.isIdle(agent);
  await api.delete(agent);
  await expect(async () => expect(existsSync(join(data, "agents", agent))).toBe(false)).toPass();
  return took;
}

/** The same sandbox and entrypoint, started without a server. */
async function startByHand(recipe: { model: string; folder: string; arguments: string; password: string }): Promise<number> {
  await pause(REST);
  const folder = `${recipe.folder}-by-hand`;
  for (const name of ["workspace", "home", "run"]) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, "run", "terminal-password"), recipe.password);
  cpSync(join(recipe.folder, "run", "secrets"), join(folder, "run", "secrets"), { recursive: true });
  writeFileSync(join(folder, "arguments"), recipe.arguments.replaceAll(recipe.folder, folder), "latin1");
  const socket = join(folder, "run", "ttyd.sock");

  const started = performance.now();
  const command = ["--args", "4", "--", "/opt/aiworker/entrypoint.sh"];
  spawn("bwrap", command, { stdio: ["ignore", "ignore", "ignore", "ignore", openSync(join(folder, "arguments"), "r")] });
  const token = Buffer.from(`agent:${recipe.password}`).toString("base64");
  const hello = Buffer.from(JSON.stringify({ AuthToken: token, ...SIZE }));
  const headers = { host: "localhost", origin: "http://localhost", authorization: `Basic ${token}` };
  while (!existsSync(socket)) await pause(TICK);
  await firstByte({ socketPath: socket, path: "/ws", headers }, "tty", hello, "0".charCodeAt(0), 1, ": attach 5000 524288 drive\n");
  const took = performance.now() - started;
  await endAll(basename(folder));
  rmSync(folder, { recursive: true, force: true });
  return took;
}

/** What attach.sh says about itself among its output, whole or as far as it has come. The server keeps it to itself. */
const MARKS = /\x1b_aiworker [^\x1b]*(\x1b\\|\x1b?$)/g;

/** Connects, tries again while nobody listens yet, says hello and waits for the first byte of the terminal in the messages of one
 *  type, which have a head of so many bytes. To the first of these it answers with a line, if there is one. */
async function firstByte(target: RequestOptions, protocol: string, hello: Buffer, type: number, head: number, line?: string): Promise<void> {
  for (;;) {
    let arrived: () => void = () => undefined;
    const first = new Promise<void>((resolve) => (arrived = resolve));
    try {
      let wanted = line;
      let output = "";
      const client: WebSocketClient = await WebSocketClient.connect(target, protocol, (message) => {
        if (message[0] !== type) return;
        output += message.toString("latin1", head);
        if (output.replace(MARKS, "") !== "") arrived();
        if (wanted !== undefined) client.send(Buffer.from(`0${wanted}`));
        wanted = undefined;
      });
      client.send(hello);
      await first;
      client.close();
      return;
    } catch {
      await pause(TICK);
    }
  }
}
