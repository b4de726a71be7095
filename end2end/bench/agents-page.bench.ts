// The agents page with 200 agents, rendered on the server for 50 clients at once, against the same data as JSON.

import { Agent as HttpAgent, get } from "node:http";
import { Api } from "../fixtures/api.ts";
import { test } from "../fixtures/test.ts";
import { median, quantile, record, format } from "./record.ts";

const AGENTS = 200;
const CLIENTS = 50;
const ROUNDS = 5;
/** How long each round puts load on one address. */
const ROUND = 4_000;

// Rows are what counts here: without a terminal program no agent starts, and nothing else uses the machine.
test.use({ options: { AIWORKER_AGENTS_PER_USER: "500", AIWORKER_TTYD: "/nonexistent/ttyd" } });

test("agents page under load", async ({ server }) => {
  const api = await Api.register(server, "ada");
  const project = await api.project("Crowd");
  for (let agent = 0; agent < AGENTS; agent++) await api.launch(project, { name: `agent-${agent}` });
  const agents = (await api.agents()).map(({ id }) => id);
  await api.reach("failed", ...agents);
  for (const agent of agents) await api.send("POST", `/api/agents/${agent}/stop`);
  await api.reach("stopped", ...agents);

  const cookie = (await api.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  const load = async (path: string): Promise<Load> => loadOn(`${server.url}${path}`, cookie);
  await load("/agents");
  await load("/api/agents/my");
  const [pages, json]: [Load[], Load[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    pages.push(await load("/agents"));
    json.push(await load("/api/agents/my"));
  }
  const ratios = pages.map((page, round) => page.perSecond / (json[round]?.perSecond ?? NaN));
  const rate = (loads: Load[]): number => median(loads.map(({ perSecond }) => perSecond));
  record({
    what: `Agents page, ${AGENTS} agents, ${CLIENTS} clients: requests/s against JSON`,
    value: median(ratios),
    unit: "×",
    detail: `${format(rate(pages))} pages/s, ${format(rate(json))} JSON/s; ${format(Math.min(...ratios))} to ${format(Math.max(...ratios))}`,
    limit: { least: 0.25 },
  });
  record({
    what: "Agents page under that load, p95",
    value: median(pages.map(({ p95 }) => p95)),
    unit: "ms",
    detail: `JSON ${format(median(json.map(({ p95 }) => p95)))} ms`,
  });
});

interface Load {
  perSecond: number;
  p95: number;
}

/** Asks one address with many clients for a fixed time. Every client waits for its answer before it asks again. */
async function loadOn(url: string, cookie: string): Promise<Load> {
  const agent = new HttpAgent({ keepAlive: true, maxSockets: CLIENTS });
  const times: number[] = [];
  const started = performance.now();
  const client = async (): Promise<void> => {
    while (performance.now() - started < ROUND) {
      const asked = performance.now();
      await ask(url, cookie, agent);
      times.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  const seconds = (performance.now() - started) / 1000;
  agent.destroy();
  return { perSecond: times.length / seconds, p95: quantile(times, 0.95) };
}

function ask(url: string, cookie: string, agent: HttpAgent): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers: { cookie } }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`${url} answered ${answer.statusCode}`));
      answer.resume().on("end", resolve).on("error", reject);
    }).on("error", reject);
  });
}
