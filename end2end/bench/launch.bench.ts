// From the click on "Launch agent" to the first byte of its terminal in the browser's hands, against starting the same entrypoint
// in the same sandbox by hand and dialling its ttyd directly.

import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { RequestOptions } from "node:http";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Api } from "../fixtures/api.ts";
import { endAll } from "../fixtures/processes.ts";
import type { AiWorker } from "../fixtures/server.ts";
import { expect, test } from "../fixtures/test.ts";
import { WebSocketClient } from "../fixtures/websocket.ts";
import { format, median, record, spread } from "./record.ts";

const RUNS = 15;
const SIZE = { columns: 80, rows: 24 };
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

  const [launched, byHand]: [number[], number[]] = [[], []];
  for (let run = 0; run <= RUNS; run++) {
    const [ours, theirs] = [await launch(server, api, project), await startByHand(recipe)];
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
async function launch(server: AiWorker, api: Api, project: string): Promise<number> {
  await pause(REST);
  const cookie = (await api.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  const { hostname, port } = new URL(server.url);
  const started = performance.now();
  const agent = await api.launch(project);
  for (;;) {
    const answer = await api.send("GET", `/api/agents/${agent}`);
    const { phase } = ((await answer.json()) as { data: { phase: string } }).data;
    expect(phase).not.toBe("failed");
    if (phase === "idle") break;
    await pause(TICK);
  }
  const hello = Buffer.concat([Buffer.from([0x05]), Buffer.from(JSON.stringify({ cols: SIZE.columns, rows: SIZE.rows }))]);
  const target = { hostname, port, path: `/agent-terminal/${agent}/ws`, headers: { cookie, origin: server.url } };
  await firstByte(target, "aiworker.terminal.v1", hello, 0x81);
  const took = performance.now() - started;
  await api.delete(agent);
  await expect(async () => expect(existsSync(join(server.data, "agents", agent))).toBe(false)).toPass();
  return took;
}

/** The same sandbox and entrypoint, started without a server. */
async function startByHand(recipe: { model: string; folder: string; arguments: string; password: string }): Promise<number> {
  await pause(REST);
  const folder = `${recipe.folder}-by-hand`;
  for (const name of ["workspace", "home", "run"]) mkdirSync(join(folder, name), { recursive: true });
  writeFileSync(join(folder, "run", "terminal-password"), recipe.password);
  writeFileSync(join(folder, "arguments"), recipe.arguments.replaceAll(recipe.folder, folder), "latin1");
  const socket = join(folder, "run", "ttyd.sock");

  const started = performance.now();
  const command = ["--args", "4", "--", "/opt/aiworker/entrypoint.sh"];
  spawn("bwrap", command, { stdio: ["ignore", "ignore", "ignore", "ignore", openSync(join(folder, "arguments"), "r")] });
  const token = Buffer.from(`agent:${recipe.password}`).toString("base64");
  const hello = Buffer.from(JSON.stringify({ AuthToken: token, ...SIZE }));
  const headers = { host: "localhost", origin: "http://localhost", authorization: `Basic ${token}` };
  while (!existsSync(socket)) await pause(TICK);
  await firstByte({ socketPath: socket, path: "/ws", headers }, "tty", hello, "0".charCodeAt(0));
  const took = performance.now() - started;
  await endAll(basename(folder));
  rmSync(folder, { recursive: true, force: true });
  return took;
}

/** Connects, tries again while nobody listens yet, says hello and waits for the first message of one type. */
async function firstByte(target: RequestOptions, protocol: string, hello: Buffer, type: number): Promise<void> {
  for (;;) {
    let arrived: () => void = () => undefined;
    const first = new Promise<void>((resolve) => (arrived = resolve));
    try {
      const client = await WebSocketClient.connect(target, protocol, (message) => message[0] === type && arrived());
      client.send(hello);
      await first;
      client.close();
      return;
    } catch {
      await pause(TICK);
    }
  }
}
