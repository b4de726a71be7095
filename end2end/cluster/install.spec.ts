// An installation as k8s/README.md describes it, on a cluster of our own: the overlay with the embedded database and the server's own
// image. The server finds the cluster by itself, with the account that it has there, and runs agents.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { test as base } from "@playwright/test";
import { Api } from "../fixtures/api.ts";
import { POD_DEADLINE, expect } from "../fixtures/cluster-test.ts";
import { until } from "../fixtures/until.ts";

const image = process.env["AIWORKER_TEST_SERVER_IMAGE"] ?? "";
/** How long kubectl may wait for anything. */
const ROLLOUT_DEADLINE = 120_000;
const NAMESPACES = ["control-plane", "agents"];

base.skip(!process.env["AIWORKER_TEST_OWN_CLUSTER"], "it takes the namespaces of a real installation");

base("an installation from k8s/overlays/embedded runs agents", async ({}, testInfo) => {
  const overlay = writeOverlay(testInfo.outputPath("overlay"));
  try {
    kubectl(["apply", "--validate=false", "-k", overlay]);
    kubectl(["-n", "control-plane", "rollout", "status", "deploy/aiworker", `--timeout=${ROLLOUT_DEADLINE / 1000}s`]);
    const [pod] = JSON.parse(kubectl(["-n", "control-plane", "get", "pods", "-o", "json"])).items;
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

    const api = await Api.register({ url: `http://${pod.status.podIP}:3000` }, "ada");
    api.patience = POD_DEADLINE;
    const agent = await api.launch(await api.project("Engine"), { name: "bernoulli" });
    await api.reach("idle", agent);
    await api.delete(agent);
    await api.gone();
    const left = kubectl(["-n", "agents", "get", "statefulsets,pods,persistentvolumeclaims", "-o", "name"]);
    expect(left.trim()).toBe("");
  } finally {
    if (testInfo.status !== testInfo.expectedStatus) {
      const story = kubectl(["get", "events,pods", "-A"]) + kubectl(["-n", "control-plane", "logs", "deploy/aiworker", "--tail=50"]);
      await testInfo.attach("cluster", { body: story });
    }
    kubectl(["delete", "--wait=false", "-k", overlay]);
    await until("the namespaces are gone", POD_DEADLINE, () => {
      const names = kubectl(["get", "namespaces", "-o", "name"]).split("\n");
      return !NAMESPACES.some((name) => names.includes(`namespace/${name}`));
    });
  }
});

/** What an operator would write: the images, the storage class, the addresses. */
function writeOverlay(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const storage = process.env["AIWORKER_TEST_STORAGE_CLASS"];
  const [name, tag] = image.split(/:(?=[^:]*$)/);
  const env = {
    AIWORKER_AGENT_IMAGE: process.env["AIWORKER_TEST_IMAGE"],
    AIWORKER_STORAGE_CLASS: storage,
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
  const volume = {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name: "aiworker", namespace: "control-plane" },
    spec: { storageClassName: storage },
  };
  const kustomization = {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    resources: [relative(resolve(folder), resolve("..", "k8s", "overlays", "embedded"))],
    images: [{ name: "aiworker/server", newName: name, newTag: tag }],
    patches: [{ path: "deployment.yaml" }, { path: "volume.yaml" }],
  };
  const files = { "deployment.yaml": deployment, "volume.yaml": volume, "kustomization.yaml": kustomization };
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), JSON.stringify(content));
  return folder;
}

function kubectl(args: string[]): string {
  return execFileSync("kubectl", args, { encoding: "utf8", timeout: ROLLOUT_DEADLINE + 10_000, stdio: ["ignore", "pipe", "inherit"] });
}
