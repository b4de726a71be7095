// What the server costs a terminal: the same agent's ttyd through the gateway and dialled directly, echo and bulk, in turns.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Api } from "../fixtures/api.ts";
import type { AiWorker } from "../fixtures/server.ts";
import { test } from "../fixtures/test.ts";
import { type Terminal, ttydTerminal } from "../fixtures/terminal-client.ts";
import { SIZE, compare, throughGateway } from "./measure.ts";

test("echo and bulk output through the gateway", async ({ server }) => {
  const api = await Api.register(server, "ada");
  const agent = await api.launch(await api.project("Engine"), { name: "echo" });
  await api.reach("idle", agent);
  const routes = { gateway: async () => throughGateway(server, api, agent), direct: async () => directly(server, agent) };

  await compare(routes, {
    echo: { what: "Terminal echo through the server: added p50", limit: { most: 0.3 } },
    bulk: { what: "Terminal bulk output through the server, of direct", limit: { least: 0.8 } },
  });
});

async function directly(server: AiWorker, agent: string): Promise<Terminal> {
  const run = join(server.data, "agents", agent, "run");
  const credential = `agent:${readFileSync(join(run, "terminal-password"), "latin1")}`;
  return ttydTerminal({ socketPath: join(run, "ttyd.sock") }, credential, SIZE);
}
