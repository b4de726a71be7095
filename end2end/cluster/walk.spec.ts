// The main job with agents that are pods: from an account to a working terminal and back to nothing, over each way that a
// terminal is reached. What the dashboard says is compared with what the cluster holds.

import type { Page } from "@playwright/test";
import { connections, podName } from "../fixtures/cluster.ts";
import { POD_DEADLINE, expect, test } from "../fixtures/cluster-test.ts";
import { Dashboard } from "../fixtures/dashboard.ts";
import { expectLineFilled, expectWidths } from "../fixtures/widths.ts";

/** A pod's address only leads somewhere within the cluster's own network. */
const ways = process.env["AIWORKER_TEST_OWN_CLUSTER"] ? ["port-forward", "pod-address"] : ["port-forward"];

for (const dial of ways) {
  test.describe(dial, () => {
    test.use({ dial });

    test("an agent in a pod, from its launch to its last trace", async ({ page, server, cluster, picture }) => {
      const dashboard = new Dashboard(page);
      const { terminal } = dashboard;

      await test.step("launch it and see it come up", async () => {
        await dashboard.createAccount("ada");
        await dashboard.goTo("Projects");
        await dashboard.newProject("Analytical engine");
        await dashboard.goTo("Agents");
        await dashboard.launchAgent("bernoulli");
        await dashboard.expectPhase("bernoulli", "idle", POD_DEADLINE);
      });

      const { id, user, project } = await theAgent(page);
      const name = podName(id).replace(/-0$/, "");
      const pod = await cluster.pod(id);
      await test.step("the cluster holds its objects, and the pod is what it shall be", async () => {
        const objects = (await cluster.objects()).filter((object) => !/^(ControllerRevision|PersistentVolume) /.test(object));
        expect(objects).toEqual([`PersistentVolumeClaim workspace-${name}-0`, `Pod ${name}-0`, `Secret ${name}`, `StatefulSet ${name}`]);
        expectPod(pod, { id, user, project, image: cluster.image });
        const claim = await cluster.claim(id);
        expect(claim["spec"]).toMatchObject({ accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "10Gi" } } });
      });

      await test.step("work in its terminal", async () => {
        await dashboard.press("bernoulli", "Open terminal");
        await terminal.type("echo $((6*7))");
        await terminal.expectRow(/^42$/);
        await terminal.type("hostname >/workspace/answer; cat /workspace/answer");
        await terminal.expectRow(new RegExp(`^${name}-0$`));
        const direct = connections(server.pid, pod["status"].podIP);
        expect(direct > 0, `${direct} connections of the server to the pod`).toBe(dial === "pod-address");
      });

      await test.step("its tmux, a newer one than most hosts have, counts columns as the page does", async () => {
        await expectWidths(terminal);
        await expectLineFilled(terminal);
      });

      await test.step("its page says what the cluster did and what the agent printed, as it happens", async () => {
        await page.goto(`/agents/${id}`);
        const events = page.getByRole("region", { name: "Cluster events" });
        for (const what of ["Scheduled", "Created", "Started"]) await expect(events.getByText(what, { exact: true }).first()).toBeVisible();
        await cluster.tell(id, "Noted", "A line for whoever looks at the page.");
        await expect(events.getByText("A line for whoever looks at the page.")).toBeVisible({ timeout: POD_DEADLINE });
        await cluster.exec(id, "bash", "-c", "echo A late line of the start >/proc/1/fd/1");
        await expect(page.getByRole("region", { name: "Log lines" })).toContainText("A late line of the start", { timeout: POD_DEADLINE });
        await picture(page, `cluster-agent-${dial}`);
      });

      await test.step("stop it; the pod is gone and the volume stays", async () => {
        await page.goto("/agents");
        await dashboard.press("bernoulli", "Stop");
        await dashboard.expectPhase("bernoulli", "stopped", POD_DEADLINE);
        const objects = await cluster.objects();
        expect(objects).toContain(`PersistentVolumeClaim workspace-${name}-0`);
        expect(objects).not.toContain(`Pod ${name}-0`);
      });

      await test.step("start it; the workspace is as it was", async () => {
        await dashboard.press("bernoulli", "Start");
        await dashboard.expectPhase("bernoulli", "idle", POD_DEADLINE);
        expect((await cluster.pod(id))["metadata"].uid).not.toBe(pod["metadata"].uid);
        await dashboard.press("bernoulli", "Open terminal");
        await terminal.type("cat /workspace/answer");
        await terminal.expectRow(new RegExp(`^${name}-0$`));
      });

      await test.step("delete it; the cluster holds nothing of ours", async () => {
        await page.goto("/agents");
        await dashboard.press("bernoulli", "Delete");
        await dashboard.confirm("Delete");
        await expect(dashboard.agent("bernoulli")).toHaveCount(0, { timeout: POD_DEADLINE });
        await cluster.empty();
        const orphans = await page.request.get("/api/orphans");
        expect(((await orphans.json()) as { data: unknown }).data).toEqual([]);
      });
    });
  });
}

/** The ids that the one agent's labels are made of. */
async function theAgent(page: Page): Promise<{ id: string; user: string; project: string }> {
  const answer = (await (await page.request.get("/api/agents/my")).json()) as { data: Record<string, any>[] };
  const agent = answer.data[0] ?? {};
  return { id: agent["id"], user: agent["user_id"], project: agent["project_id"] };
}

/** Compares a pod with what is promised of one: its labels, environment, resources, volumes and security settings. */
function expectPod(pod: Record<string, any>, agent: { id: string; user: string; project: string; image: string }): void {
  const name = podName(agent.id).replace(/-0$/, "");
  expect(pod["metadata"].labels).toMatchObject({
    app: "claude-agent",
    agentId: agent.id,
    userId: agent.user,
    "app.kubernetes.io/name": "agent",
    "app.kubernetes.io/instance": name,
    "app.kubernetes.io/component": "agent",
    "app.kubernetes.io/part-of": "aiworker",
    "app.kubernetes.io/managed-by": "aiworker",
    "aiworker.dev/installation": "aiworker",
    "aiworker.dev/agent-id": agent.id,
    "aiworker.dev/user-id": agent.user,
    "aiworker.dev/project-id": agent.project,
  });
  expect(pod["spec"]).toMatchObject({
    serviceAccountName: "agent-sa",
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 1000,
      runAsGroup: 1000,
      fsGroup: 1000,
      seccompProfile: { type: "RuntimeDefault" },
    },
  });
  expect(pod["spec"].containers).toHaveLength(1);
  const container = pod["spec"].containers[0];
  expect(container).toMatchObject({
    image: agent.image,
    resources: { requests: { cpu: "500m", memory: "1Gi" }, limits: { cpu: "2", memory: "4Gi" } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
    ports: [{ name: "terminal", containerPort: 7681 }],
    readinessProbe: { tcpSocket: { port: "terminal" } },
  });
  expect(container.securityContext.privileged ?? false).toBe(false);

  const env = new Map<string, any>(container.env.map((variable: Record<string, any>) => [variable["name"], variable]));
  const plain = { USER_ID: agent.user, AIWORKER_AGENT_ID: agent.id, AIWORKER_AGENT_NAME: "bernoulli", AIWORKER_MODE: "manual" };
  for (const [variable, value] of Object.entries(plain)) expect(env.get(variable)?.value, variable).toBe(value);
  for (const variable of ["BACKEND_URL", "MCP_ENDPOINT"]) expect(env.get(variable)?.value, variable).toMatch(/^http:/);
  expect(env.get("POD_NAME")?.valueFrom.fieldRef.fieldPath).toBe("metadata.name");
  expect(env.get("GITEA_TOKEN")?.valueFrom.secretKeyRef).toMatchObject({ name: "agent-secrets", key: "gitea-token", optional: true });
  expect([...env.keys()].filter((variable) => /PASSWORD$|_KEY$|AIWORKER_TOKEN$/.test(variable)), "secrets are files").toEqual([]);

  const mounts = new Map(container.volumeMounts.map((mount: Record<string, any>) => [mount["mountPath"], mount["name"]]));
  expect([...mounts.keys()].sort()).toEqual(["/home/agent", "/run/agent", "/run/agent/secrets", "/tmp", "/workspace"]);
  const volumes = new Map<string, any>(pod["spec"].volumes.map((volume: Record<string, any>) => [volume["name"], volume]));
  expect(volumes.get("workspace")?.persistentVolumeClaim.claimName).toBe(`workspace-${name}-0`);
  expect(volumes.get("secrets")?.secret).toMatchObject({ secretName: name, defaultMode: 0o440 });
  expect([...volumes.values()].filter((volume) => volume.hostPath ?? volume.projected), "nothing of the node or the cluster").toEqual([]);
}
