// From the click on "Launch agent" until the page says that the agent's terminal is ready, against `kubectl apply` of the same objects
// until their pods are Ready. In turns, for one agent and for many at once.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Page } from "../bench/page.ts";
import { format, median, record, spread } from "../bench/record.ts";
import { Api } from "../fixtures/api.ts";
import { type Cluster, kubectl, podName } from "../fixtures/cluster.ts";
import { expect, test as base } from "../fixtures/cluster-test.ts";
import { until } from "../fixtures/until.ts";

/** How many at once, and how often. */
const LOADS = [
  { agents: 1, runs: 10 },
  { agents: 20, runs: 3 },
];
/** At most so much of what `kubectl apply` takes. */
const MOST = 1.15;
/** How long many pods may take to end. */
const END_DEADLINE = 300_000;

/** One small node must have room for all of them. */
const test = base.extend({
  options: async ({ cluster }, use) =>
    use({
      ...cluster.options("port-forward"),
      AIWORKER_CPU_REQUEST: "10m",
      AIWORKER_MEMORY_REQUEST_MIB: "64",
      AIWORKER_START_TIMEOUT_SECONDS: "300",
    }),
});

test("launch until the terminal is ready, against kubectl apply", async ({ server, cluster }) => {
  const api = await Api.register(server, "ada");
  api.patience = END_DEADLINE;
  const project = await api.project("Engine");
  const model = await api.launch(project, { name: "model" });
  await api.reach("idle", model);
  const recipe = await objectsOf(cluster, model);
  const page = await Page.open(server, api);
  await api.delete(model);
  await api.gone();
  await cluster.empty(END_DEADLINE);

  for (const { agents, runs } of LOADS) {
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let run = 0; run <= runs; run++) {
      const pair = [await launch(page, api, project, agents), await apply(cluster, recipe, agents, run)] as const;
      await cluster.empty(END_DEADLINE);
      // The first of each fills caches.
      if (run === 0) continue;
      ours.push(pair[0]);
      theirs.push(pair[1]);
    }
    record({
      what: `Cluster: launch of ${agents} until ready, against kubectl apply of the same objects`,
      value: median(ours) / median(theirs),
      unit: "×",
      detail: `${format(median(ours))} ms (${spread(ours, "ms")}), by kubectl ${format(median(theirs))} ms (${spread(theirs, "ms")})`,
      limit: { most: MOST },
    });
  }
});

/** Milliseconds from the first request until the page was told of the last terminal. */
async function launch(page: Page, api: Api, project: string, agents: number): Promise<number> {
  const started = performance.now();
  const ids = await Promise.all(Array.from({ length: agents }, async () => page.launch(project)));
  for (const id of ids) await page.isIdle(id);
  const took = performance.now() - started;
  await Promise.all(ids.map(async (id) => api.delete(id)));
  await api.gone();
  return took;
}

/** What an agent's objects are made of, by name and id, without what the cluster adds. */
interface Recipe {
  name: string;
  id: string;
  objects: string;
}

async function objectsOf(cluster: Cluster, id: string): Promise<Recipe> {
  const name = podName(id).replace(/-0$/, "");
  const found = JSON.parse(await kubectl(["-n", cluster.namespace, "get", `secret/${name}`, `statefulset/${name}`, "-o", "json"]));
  const objects = found.items.map(({ apiVersion, kind, metadata, spec, data, type }: Record<string, any>) => ({
    apiVersion,
    kind,
    metadata: { name: metadata["name"], labels: metadata["labels"], annotations: metadata["annotations"] },
    ...(spec ? { spec } : {}),
    ...(data ? { data, type } : {}),
  }));
  // Nobody takes them for the server's.
  return { name, id, objects: JSON.stringify(objects).replaceAll('"aiworker.dev/installation":"aiworker"', '"aiworker.dev/installation":"by-hand"') };
}

/** Milliseconds from the start of `kubectl apply` until the last pod is Ready, as a watch tells that was there before. */
async function apply(cluster: Cluster, recipe: Recipe, agents: number, run: number): Promise<number> {
  const names = Array.from({ length: agents }, (_, number) => `by-hand-${run}-${number}`);
  const items = names.flatMap((name, number) => {
    const id = `00000000-0000-4000-8000-${(run * 1000 + number).toString().padStart(12, "0")}`;
    return JSON.parse(recipe.objects.replaceAll(recipe.name, name).replaceAll(recipe.id, id)) as object[];
  });
  const ready = '{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}';
  const watch = spawn("kubectl", ["-n", cluster.namespace, "get", "pods", "-w", "-o", `jsonpath=${ready}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const waiting = new Set(names.map((name) => `${name}-0 True`));
  const lines = createInterface({ input: watch.stdout });
  const all = new Promise<void>((resolve) => lines.on("line", (line) => waiting.delete(line.trim()) && waiting.size === 0 && resolve()));
  try {
    const started = performance.now();
    await kubectl(["-n", cluster.namespace, "apply", "--validate=false", "-f", "-"], JSON.stringify({ apiVersion: "v1", kind: "List", items }));
    await Promise.race([all, once(watch, "exit").then(() => expect(waiting.size, "the watch ended").toBe(0))]);
    return performance.now() - started;
  } finally {
    watch.kill();
    await kubectl(["-n", cluster.namespace, "delete", "statefulsets,secrets,persistentvolumeclaims", "--wait=false", "-l", "aiworker.dev/installation=by-hand"]);
    const left = async (): Promise<boolean> => (await kubectl(["-n", cluster.namespace, "get", "pods", "-o", "name"])) === "";
    await until("the pods by hand are gone", END_DEADLINE, left);
  }
}
