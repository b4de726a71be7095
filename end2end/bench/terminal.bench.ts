// A key and its echo, and much output at once: through the server against the same ttyd dialled directly, in turns.

import { readFileSync } from "node:fs";
import type { RequestOptions } from "node:http";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Api } from "../fixtures/api.ts";
import { expect, test } from "../fixtures/test.ts";
import { WebSocketClient } from "../fixtures/websocket.ts";
import { format, median, quantile, record, spread } from "./record.ts";

const SIZE = { columns: 120, rows: 40 };
const ROUNDS = 7;
/** Keys typed in one round. */
const KEYS = 150;
/** How long a fast typist takes from one key to the next, in ms. */
const BETWEEN_KEYS = 6;
/** What is printed in one round: about 23 MB. */
const PRINT = "seq 1 3000000; echo the-$((1+1))-end\r";
const PRINTED = "the-2-end";
/** How long one answer may take, in ms. */
const DEADLINE = 60_000;

/** One way to reach a terminal: how to connect, what to say first, how input is framed and output recognised. */
interface Way {
  name: string;
  target: RequestOptions;
  protocol: string;
  hello: Buffer;
  input: (bytes: Buffer, count: number) => Buffer;
  /** The type byte of output, and the bytes before its payload. */
  output: [type: number, header: number];
}

/** An attached viewer. */
class Viewer {
  bytes = 0;
  private sent = 0;
  private notify: (text: string) => void = () => undefined;

  private constructor(
    private readonly way: Way,
    private client: WebSocketClient | undefined,
  ) {}

  static async attach(way: Way): Promise<Viewer> {
    const viewer = new Viewer(way, undefined);
    viewer.client = await WebSocketClient.connect(way.target, way.protocol, (message) => viewer.take(message));
    viewer.client.send(way.hello);
    return viewer;
  }

  /** Types, and waits until what comes back satisfies `enough`. */
  async ask(text: string, enough: (seen: string) => boolean): Promise<void> {
    let seen = "";
    const answered = new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${this.way.name}: no answer to ${JSON.stringify(text)}`)), DEADLINE);
      this.notify = (output) => {
        seen = (seen + output).slice(-4096);
        if (!enough(seen)) return;
        clearTimeout(late);
        this.notify = () => undefined;
        resolve();
      };
    });
    this.client?.send(this.way.input(Buffer.from(text), this.sent++));
    await answered;
  }

  detach(): void {
    this.client?.close();
  }

  private take(message: Buffer): void {
    const [type, header] = this.way.output;
    if (message[0] !== type) return;
    this.bytes += message.length - header;
    this.notify(message.toString("latin1", header));
  }
}

test("a terminal through the server and without it", async ({ server }) => {
  const api = await Api.register(server, "ada");
  const agent = await api.launch(await api.project("Engine"));
  await api.reach("idle", agent);
  const ways: [Way, Way] = [await throughServer(server.url, api, agent), directly(join(server.data, "agents", agent, "run"))];

  const echo: [number[], number[]] = [[], []];
  const rate: [number[], number[]] = [[], []];
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [index, way] of ways.entries()) {
      const [keys, bytesPerSecond] = await measure(way);
      // The first round of each fills caches.
      if (round === 0) continue;
      echo[index]?.push(...keys);
      rate[index]?.push(bytesPerSecond);
    }
  }
  const each = (values: number[]) => `p50 ${format(median(values))} ms, p99 ${format(quantile(values, 0.99))} ms`;
  record({
    what: "Terminal echo: what the server adds to the same ttyd dialled directly (p50)",
    value: median(echo[0]) - median(echo[1]),
    unit: "ms",
    detail: `${each(echo[0])}; directly ${each(echo[1])}; ${echo[0].length} keys each`,
    limit: { most: 0.3 },
  });
  const megabytes = (values: number[]) => values.map((value) => value / 1e6);
  record({
    what: "Terminal output in bulk: rate through the server against directly",
    value: median(rate[0]) / median(rate[1]),
    unit: "×",
    detail: `${spread(megabytes(rate[0]), "MB/s")}; directly ${spread(megabytes(rate[1]), "MB/s")}`,
    limit: { least: 0.8 },
  });
});

/** Milliseconds of every echo, and bytes per second of much output. */
async function measure(way: Way): Promise<[number[], number]> {
  const viewer = await Viewer.attach(way);
  // The kernel's own echo answers: what the shell would add is not measured. The unquoted word is not in what is typed.
  await viewer.ask("clear; echo rea''dy; cat >/dev/null\r", (seen) => seen.includes("ready"));
  const keys: number[] = [];
  for (let key = 0; key < KEYS; key++) {
    await pause(BETWEEN_KEYS);
    const letter = String.fromCharCode(97 + (key % 26));
    const started = performance.now();
    await viewer.ask(letter, (seen) => seen.includes(letter));
    keys.push(performance.now() - started);
  }
  await viewer.ask("\x15\x03clear; echo rea''dy\r", (seen) => seen.includes("ready"));
  const before = viewer.bytes;
  const started = performance.now();
  await viewer.ask(PRINT, (seen) => seen.includes(PRINTED));
  const took = performance.now() - started;
  const printed = viewer.bytes - before;
  viewer.detach();
  expect(printed).toBeGreaterThan(10_000);
  return [keys, (printed / took) * 1000];
}

async function throughServer(url: string, api: Api, agent: string): Promise<Way> {
  const cookie = (await api.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  const { hostname, port } = new URL(url);
  return {
    name: "through the server",
    target: { hostname, port, path: `/agent-terminal/${agent}/ws`, headers: { cookie, origin: url } },
    protocol: "aiworker.terminal.v1",
    hello: Buffer.concat([Buffer.from([0x05]), Buffer.from(JSON.stringify({ cols: SIZE.columns, rows: SIZE.rows }))]),
    input: (bytes, count) => {
      const head = Buffer.alloc(5, 0x01);
      head.writeUInt32LE(count, 1);
      return Buffer.concat([head, bytes]);
    },
    output: [0x81, 9],
  };
}

function directly(folder: string): Way {
  const password = readFileSync(join(folder, "terminal-password"), "latin1");
  const token = Buffer.from(`agent:${password}`).toString("base64");
  const headers = { host: "localhost", origin: "http://localhost", authorization: `Basic ${token}` };
  return {
    name: "directly",
    target: { socketPath: join(folder, "ttyd.sock"), path: "/ws", headers },
    protocol: "tty",
    hello: Buffer.from(JSON.stringify({ AuthToken: token, ...SIZE })),
    input: (bytes) => Buffer.concat([Buffer.from("0"), bytes]),
    output: ["0".charCodeAt(0), 1],
  };
}
