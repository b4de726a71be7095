// What the server costs the terminal of a pod, over both ways that it reaches one: against the pod's ttyd dialled the same way.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { SIZE, compare, throughGateway } from "../bench/measure.ts";
import { Api } from "../fixtures/api.ts";
import { type Cluster, podName } from "../fixtures/cluster.ts";
import { POD_DEADLINE, test } from "../fixtures/cluster-test.ts";
import { type Terminal, ttydTerminal } from "../fixtures/terminal-client.ts";

const TERMINAL_PORT = 7681;

const words = { "port-forward": "through the API server", "pod-address": "at the pod's address" };

for (const dial of ["port-forward", "pod-address"] as const) {
  test.describe(dial, () => {
    test.use({ dial });

    test("echo and bulk output of a pod's terminal", async ({ server, cluster }) => {
      const api = await Api.register(server, "ada");
      api.patience = POD_DEADLINE;
      const agent = await api.launch(await api.project("Engine"), { name: "echo" });
      await api.reach("idle", agent);
      const credential = `agent:${await cluster.exec(agent, "cat", "/run/agent/secrets/terminal-password")}`;
      const direct = async (): Promise<Terminal> => {
        if (dial === "port-forward") return portForward(cluster, agent, credential);
        return ttydTerminal({ hostname: (await cluster.pod(agent))["status"].podIP, port: TERMINAL_PORT }, credential, SIZE);
      };
      const routes = { gateway: async () => throughGateway(server, api, agent), direct };
      await compare(routes, {
        echo: { what: `Cluster: terminal echo ${words[dial]}, added p50`, limit: { most: 5 } },
        bulk: { what: `Cluster: terminal bulk output ${words[dial]}, of direct` },
      });
    });
  });
}

/** kubectl's own way through the API server, one for each terminal: it does not survive a connection that is cut. */
async function portForward(cluster: Cluster, agent: string, credential: string): Promise<Terminal> {
  const command = ["-n", cluster.namespace, "port-forward", podName(agent), `:${TERMINAL_PORT}`];
  const forward = spawn("kubectl", command, { stdio: ["ignore", "pipe", "ignore"] });
  for await (const line of createInterface({ input: forward.stdout })) {
    const port = Number(/127\.0\.0\.1:(\d+) ->/.exec(line)?.[1] ?? 0);
    if (port === 0) continue;
    const terminal = await ttydTerminal({ hostname: "127.0.0.1", port }, credential, SIZE);
    const close = (): void => {
      terminal.close();
      forward.kill();
    };
    return { ...terminal, close };
  }
  throw new Error("kubectl port-forward ended");
}
