// What the server costs the API server: few writes for a launch, and none when everything is as it shall be.

import { Api } from "../fixtures/api.ts";
import { type Asked, podName } from "../fixtures/cluster.ts";
import { POD_DEADLINE, expect, test } from "../fixtures/cluster-test.ts";
import { until } from "../fixtures/until.ts";

/** The most that a launch may write. */
const WRITES_MAX = 6;
/** How long a server may take to look at everything after its start. */
const LOOK_DEADLINE = 60_000;

const isWrite = ({ verb }: Asked): boolean => ["create", "update", "patch", "delete", "deletecollection"].includes(verb);

test.skip(!process.env["AIWORKER_TEST_AUDIT"], "only a cluster of our own writes down what it is asked");

test("a launch takes at most six writes, and a server that finds everything as it shall be writes nothing", async ({ server, cluster }) => {
  const api = await Api.register(server, "ada");
  api.patience = POD_DEADLINE;
  const agent = await api.launch(await api.project("Engine"), { name: "bernoulli" });
  await api.reach("idle", agent);
  const writes = cluster.asked().filter(isWrite);
  expect(writes.length, JSON.stringify(writes)).toBeGreaterThan(0);
  expect(writes.length, JSON.stringify(writes)).toBeLessThanOrEqual(WRITES_MAX);

  // A new server looks at everything at once.
  await server.stop();
  const before = cluster.asked().length;
  await server.start();
  await until("the server has looked at the agent and taken stock", LOOK_DEADLINE, () => {
    const since = cluster.asked().slice(before);
    const seen = (verb: string, what: string): boolean => since.some((asked) => asked.verb === verb && asked.what === what);
    return seen("get", `pods ${podName(agent)}`) && seen("list", "secrets");
  });
  await server.stop();
  expect(cluster.asked().slice(before).filter(isWrite)).toEqual([]);
});
