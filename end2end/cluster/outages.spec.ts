// The API server is killed in the middle of a launch and comes back; the node falls silent and comes back. People are told, nothing is
// made twice, and everything is as it was asked for in the end. Runs after everything else, alone: it breaks the whole cluster.

import { Api } from "../fixtures/api.ts";
import { podName } from "../fixtures/cluster.ts";
import { POD_DEADLINE, expect, test } from "../fixtures/cluster-test.ts";
import { OWN_CLUSTER, holdNode, killApiServer } from "../fixtures/own-cluster.ts";
import { until } from "../fixtures/until.ts";

/** An answer that waits for nothing. */
const AT_ONCE = 1_000;
/** Until people know. */
const TOLD_DEADLINE = 10_000;
/** Until what was asked for meanwhile is under way. */
const BACK_DEADLINE = 45_000;
/** Until the cluster gives a silent node up: the grace time of `up`, and as much again for a busy machine. */
const SILENCE_DEADLINE = 40_000;

test.skip(!OWN_CLUSTER, "it kills what a cluster is made of");

test("the API server is killed in the middle of a launch and comes back", async ({ page, context, server, cluster }) => {
  const api = await Api.register(server, "ada");
  api.patience = POD_DEADLINE;
  await context.addCookies(await api.cookies());
  const project = await api.project("Engine");
  const first = await api.launch(project, { name: "first" });
  await until("the cluster has begun to make the agent", POD_DEADLINE, async () => (await cluster.objects()).length > 0);

  const restart = await killApiServer();
  let second = "";
  try {
    const killed = performance.now();
    second = await api.launch(project, { name: "second" });
    expect(performance.now() - killed, "a launch answers at once").toBeLessThan(AT_ONCE);
    await page.goto("/agents");
    await expect(page.getByText("The cluster does not answer.").first()).toBeVisible({ timeout: TOLD_DEADLINE });
  } finally {
    await restart();
  }
  const back = performance.now();
  await until("the second launch is under way", BACK_DEADLINE, async () => (await api.read(`/api/agents/${second}`))["phase"] !== "pending");
  console.log(`    under way ${Math.round(performance.now() - back)} ms after the API server answers again`);
  await api.reach("idle", first, second);
  await expect(page.getByText("The cluster does not answer.")).toHaveCount(0, { timeout: BACK_DEADLINE });

  const agents = [first, second].map((id) => podName(id).replace(/-0$/, ""));
  const objects = (await cluster.objects()).filter((object) => /^(StatefulSet|Pod|Secret|PersistentVolumeClaim) /.test(object));
  const expected = agents.flatMap((name) => [`StatefulSet ${name}`, `Pod ${name}-0`, `Secret ${name}`, `PersistentVolumeClaim workspace-${name}-0`]);
  expect(objects).toEqual(expected.sort());
  await api.delete(first);
  await api.delete(second);
  await api.gone();
  await cluster.empty();
  expect(await api.read("/api/orphans")).toEqual([]);
});

test("the node falls silent and comes back", async ({ page, context, server, cluster }) => {
  const api = await Api.register(server, "ada");
  api.patience = POD_DEADLINE;
  await context.addCookies(await api.cookies());
  const agent = await api.launch(await api.project("Engine"), { name: "bernoulli" });
  await api.reach("idle", agent);
  const before = (await cluster.pod(agent))["metadata"].uid;

  const goOn = holdNode();
  try {
    const silent = performance.now();
    await until("the agent's node is said to be lost", SILENCE_DEADLINE, async () => (await api.read(`/api/agents/${agent}`))["reason"] === "node_lost");
    console.log(`    said ${Math.round(performance.now() - silent)} ms after the node fell silent`);
    await page.goto(`/agents/${agent}`);
    await expect(page.getByText("Its node does not answer.").first()).toBeVisible();
  } finally {
    goOn();
  }
  await api.reach("idle", agent);
  expect((await cluster.pod(agent))["metadata"].uid, "it went on meanwhile").toBe(before);
  await api.delete(agent);
  await api.gone();
  await cluster.empty();
});
