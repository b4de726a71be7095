// Installations as k8s/README.md describes them, on a cluster of our own: both overlays, with the server's own image. The server finds the
// cluster by itself, with the account that it has there, and runs agents.

import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { type TestInfo, test as base } from "@playwright/test";
import { throughGateway } from "../bench/measure.ts";
import { Api } from "../fixtures/api.ts";
import { POD_DEADLINE, expect } from "../fixtures/cluster-test.ts";
import { Postgres } from "../fixtures/postgres.ts";
import { until } from "../fixtures/until.ts";

const image = process.env["AIWORKER_TEST_SERVER_IMAGE"] ?? "";
/** This machine, as pods reach it. */
const here = process.env["AIWORKER_TEST_ADDRESS"] ?? "";
/** How long kubectl may wait for anything. */
const ROLLOUT_DEADLINE = 120_000;
const NAMESPACES = ["control-plane", "agents"];
const ADMIN_PORT = 9090;
/** How long a server may take for one answer. */
const ANSWER_DEADLINE = 10_000;

/** An object of the cluster's API. */
type Manifest = Record<string, any>;

base.skip(!process.env["AIWORKER_TEST_OWN_CLUSTER"], "it takes the namespaces of a real installation");
// One after the other: they are in the same namespaces.
base.describe.configure({ mode: "default" });

base("an installation from k8s/overlays/embedded runs agents", async ({}, testInfo) => {
  const volume = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "aiworker", namespace: "control-plane" },
    spec: { storageClassName: process.env["AIWORKER_TEST_STORAGE_CLASS"] },
  };
  await installed(testInfo, "embedded", { patches: [volume] }, async () => {
    const [pod, ...others] = serverPods();
    expect(others).toEqual([]);
    expect(pod.spec.containers[0].securityContext.readOnlyRootFilesystem).toBe(true);
    expect(pod.status.containerStatuses[0].restartCount).toBe(0);

    await base.step("agents are reached by the server alone, and reach no private network", () => {
      const [policy, ...others] = JSON.parse(kubectl(["-n", "agents", "get", "networkpolicies", "-o", "json"])).items;
      expect(others).toEqual([]);
      const { podSelector, policyTypes, ingress, egress } = policy.spec;
      expect(podSelector, "all pods of the namespace").toEqual({});
      expect(policyTypes.toSorted()).toEqual(["Egress", "Ingress"]);
      const server = {
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "control-plane" } },
        podSelector: { matchLabels: { "app.kubernetes.io/name": "aiworker" } },
      };
      expect(pod.metadata.labels).toMatchObject(server.podSelector.matchLabels);
      expect(ingress).toEqual([{ from: [server], ports: [{ protocol: "TCP", port: 7681 }] }]);
      const addresses = egress.flatMap(({ to }: { to: { ipBlock?: { cidr: string; except: string[] } }[] }) => to).filter(({ ipBlock }: { ipBlock?: object }) => ipBlock);
      const [four, six] = addresses.map(({ ipBlock }: { ipBlock: object }) => ipBlock);
      // 169.254.169.254 and fd00:ec2::254 are clouds' metadata services.
      const privateNetworks = ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"];
      expect(four).toEqual({ cidr: "0.0.0.0/0", except: expect.arrayContaining(privateNetworks) });
      expect(six).toEqual({ cidr: "::/0", except: expect.arrayContaining(["fc00::/7", "fe80::/10"]) });
    });

    await base.step("the doctor finds nothing to mend", () => {
      const findings = kubectl(["-n", "control-plane", "exec", "deploy/aiworker", "--", "aiworker", "doctor"]);
      expect(findings).toContain("permissions");
    });

    const api = await Api.register({ url: urlOf(pod) }, "ada");
    api.patience = POD_DEADLINE;
    const agent = await api.launch(await api.project("Engine"), { name: "bernoulli" });
    await api.reach("idle", agent);
    await api.delete(agent);
    await api.gone();
    expect(await api.read("/api/orphans")).toEqual([]);
    expectNothingLeft();
  });
});

base("an installation from k8s/overlays/postgres serves and looks after agents with either replica", async ({}, testInfo) => {
  const postgres = await Postgres.start(here);
  try {
    const secret = (name: string, stringData: Record<string, string>): Manifest => ({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name, namespace: "control-plane" },
      stringData,
    });
    const key = (): string => randomBytes(32).toString("hex");
    const resources = [secret("aiworker-database", { url: postgres.url }), secret("aiworker-key", { key: key(), credentials: key() })];
    await installed(testInfo, "postgres", { resources }, async () => {
      const pods = serverPods();
      expect(pods.map(({ status }) => status.containerStatuses[0].restartCount)).toEqual([0, 0]);
      const api = await Api.register({ url: urlOf(pods[0]) }, "ada");
      api.patience = POD_DEADLINE;
      const agent = await api.launch(await api.project("Engine"), { name: "bernoulli" });
      await api.reach("idle", agent);

      await base.step("the session and the terminal are the same at either", async () => {
        const cookie = (await api.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
        for (const pod of pods) {
          const answer = await fetch(`${urlOf(pod)}/api/agents/my`, { headers: { cookie }, ...soon() });
          const seen = (await answer.json()) as { data: Manifest[] };
          expect(seen.data.map(({ id, phase }) => [id, phase])).toEqual([[agent, "idle"]]);
          const terminal = await throughGateway({ url: urlOf(pod) }, api, agent);
          const shown = terminal.shows("sum:42");
          terminal.type("echo sum:$((6*7))\r");
          await shown;
          terminal.close();
        }
      });

      await base.step("the one that reconciles is killed; the other takes over", async () => {
        const reconciling = await Promise.all(pods.map(async (pod) => figure(await metrics(pod), "reconciles")));
        expect(reconciling.toSorted(), "one of them does").toEqual([0, 1]);
        const killed = pods[reconciling.indexOf(1)];
        const heir = pods[reconciling.indexOf(0)];
        kubectl(["-n", "control-plane", "delete", "pod", killed.metadata.name, "--grace-period=0", "--force"]);
        const left = await Api.login({ url: urlOf(heir) }, "ada");
        left.patience = POD_DEADLINE;
        await left.delete(agent);
        await left.gone();
        expect(await left.read("/api/orphans")).toEqual([]);
        expectNothingLeft();
      });
      kubectl(["-n", "control-plane", "rollout", "status", "deploy/aiworker", `--timeout=${ROLLOUT_DEADLINE / 1000}s`]);
    });
  } finally {
    await postgres.stop();
  }
});

/** What an operator adds to an overlay. */
interface Additions {
  resources?: Manifest[];
  patches?: Manifest[];
}

/** Installs an overlay, runs `use` when the server is up, and takes everything away again. */
async function installed(testInfo: TestInfo, overlay: string, additions: Additions, use: () => Promise<void>): Promise<void> {
  const folder = writeOverlay(testInfo.outputPath("overlay"), overlay, additions);
  try {
    kubectl(["apply", "--validate=false", "-k", folder]);
    kubectl(["-n", "control-plane", "rollout", "status", "deploy/aiworker", `--timeout=${ROLLOUT_DEADLINE / 1000}s`]);
    await use();
  } catch (error) {
    const chapters = [["get", "events,pods", "-A"], ["-n", "control-plane", "logs", "-l", "app.kubernetes.io/name=aiworker", "--prefix", "--tail=50"]];
    await testInfo.attach("cluster", { body: chapters.map(told).join("\n") });
    throw error;
  } finally {
    kubectl(["delete", "--wait=false", "-k", folder]);
    await until("the namespaces are gone", POD_DEADLINE, () => {
      const names = kubectl(["get", "namespaces", "-o", "name"]).split("\n");
      return !NAMESPACES.some((name) => names.includes(`namespace/${name}`));
    });
  }
}

/** What an operator would write: the images, the storage class, the addresses. */
function writeOverlay(folder: string, overlay: string, { resources = [], patches = [] }: Additions): string {
  mkdirSync(folder, { recursive: true });
  const [name, tag] = image.split(/:(?=[^:]*$)/);
  const env = {
    AIWORKER_AGENT_IMAGE: process.env["AIWORKER_TEST_IMAGE"],
    AIWORKER_STORAGE_CLASS: process.env["AIWORKER_TEST_STORAGE_CLASS"],
    AIWORKER_IMAGE_PULL_SECRET: "",
    // No proxy with TLS stands before it here.
    AIWORKER_PUBLIC_URL: "",
  };
  const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "aiworker", namespace: "control-plane" },
    spec: {
      template: {
        spec: { containers: [{ name: "aiworker", env: Object.entries(env).map(([variable, value]) => ({ name: variable, value })) }] },
      },
    },
  };
  const write = (kind: string) => (content: Manifest, number: number): string => {
    writeFileSync(join(folder, `${kind}-${number}.yaml`), JSON.stringify(content));
    return `${kind}-${number}.yaml`;
  };
  const kustomization = {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    resources: [relative(resolve(folder), resolve("..", "k8s", "overlays", overlay)), ...resources.map(write("resource"))],
    images: [{ name: "aiworker/server", newName: name, newTag: tag }],
    patches: [deployment, ...patches].map(write("patch")).map((path) => ({ path })),
  };
  writeFileSync(join(folder, "kustomization.yaml"), JSON.stringify(kustomization));
  return folder;
}

/** The server's pods that shall live. */
function serverPods(): any[] {
  const { items } = JSON.parse(kubectl(["-n", "control-plane", "get", "pods", "-l", "app.kubernetes.io/name=aiworker", "-o", "json"]));
  return items.filter(({ metadata }: Manifest) => !metadata.deletionTimestamp);
}

const soon = (): { signal: AbortSignal } => ({ signal: AbortSignal.timeout(ANSWER_DEADLINE) });

const urlOf = (pod: Manifest): string => `http://${pod["status"].podIP}:3000`;

async function metrics(pod: Manifest): Promise<string> {
  return (await fetch(`http://${pod["status"].podIP}:${ADMIN_PORT}/metrics`, soon())).text();
}

/** The value of a metric without labels. */
function figure(text: string, name: string): number {
  return Number(new RegExp(`^aiworker_${name} (\\S+)$`, "m").exec(text)?.[1]);
}

function expectNothingLeft(): void {
  const left = kubectl(["-n", "agents", "get", "statefulsets,pods,persistentvolumeclaims", "-o", "name"]);
  expect(left.trim()).toBe("");
}

/** What kubectl says, or why it does not: it is asked after something else has failed, and that is what is to be reported. */
function told(args: string[]): string {
  try {
    return kubectl(args);
  } catch (error) {
    return String(error);
  }
}

function kubectl(args: string[]): string {
  return execFileSync("kubectl", args, { encoding: "utf8", timeout: ROLLOUT_DEADLINE + 10_000, stdio: ["ignore", "pipe", "inherit"] });
}
