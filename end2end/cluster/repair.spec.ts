// What somebody deletes in the cluster behind the server's back is made again without anybody's doing, and the agent's owner sees it
// come back with its workspace.

import { Api } from "../fixtures/api.ts";
import { podName } from "../fixtures/cluster.ts";
import { POD_DEADLINE, expect, test } from "../fixtures/cluster-test.ts";
import { until } from "../fixtures/until.ts";

test("an agent comes back whatever is deleted of it", async ({ server, cluster }) => {
  const api = await Api.register(server, "ada");
  api.patience = POD_DEADLINE;
  const agent = await api.launch(await api.project("Engine"), { name: "bernoulli" });
  await api.reach("idle", agent);
  await cluster.exec(agent, "bash", "-c", "echo work >/workspace/file");
  const pod = podName(agent);
  const name = pod.replace(/-0$/, "");
  for (const objects of [[["pod", pod]], [["statefulset", name]], [["secret", name], ["pod", pod]]] as const) {
    const before = (await cluster.pod(agent))["metadata"].uid;
    for (const [kind, what] of objects) await cluster.delete(kind, what);
    const what = objects.map(([kind]) => kind).join(" and ");
    await until(`it is up again without its ${what}`, 2 * POD_DEADLINE, async () => {
      // Between two pods there is none.
      const now = await cluster.pod(agent).catch(() => undefined);
      return now !== undefined && now["metadata"].uid !== before && (await api.agents())[0]?.phase === "idle" && now["status"].containerStatuses?.[0].ready === true;
    });
    expect(await cluster.exec(agent, "cat", "/workspace/file"), what).toBe("work");
  }
  expect((await cluster.objects()).filter((object) => object === `Secret ${name}`), "its secret is there again").toHaveLength(1);
  await api.delete(agent);
  await api.gone();
  await cluster.empty();
});
