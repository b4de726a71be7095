// A cluster that does not answer: every page says so within ten seconds, and everything that needs no cluster works.

import { writeFileSync } from "node:fs";
import { Api } from "../fixtures/api.ts";
import { expectAccessible } from "../fixtures/accessible.ts";
import { interactive } from "../fixtures/interactive.ts";
import { expect, test } from "../fixtures/test.ts";

/** Nobody listens at port 1. */
const KUBECONFIG = {
  apiVersion: "v1",
  kind: "Config",
  "current-context": "away",
  contexts: [{ name: "away", context: { cluster: "away", user: "away" } }],
  clusters: [{ name: "away", cluster: { server: "https://127.0.0.1:1" } }],
  users: [{ name: "away", user: { token: "none" } }],
};

test.use({
  options: async ({}, use, testInfo) => {
    const path = testInfo.outputPath("kubeconfig");
    writeFileSync(path, JSON.stringify(KUBECONFIG));
    await use({ AIWORKER_RUNTIME: "kubernetes", AIWORKER_KUBECONFIG: path });
  },
});

test("a cluster that is away is said to be away", async ({ page, context, server, picture }) => {
  const api = await Api.register(server, "ada");
  const project = await api.project("Paint");
  await context.addCookies(await api.cookies());
  await page.goto("/agents");
  await interactive(page);
  const notice = page.getByRole("status").filter({ hasText: "The cluster does not answer." });
  await expect(notice).toBeVisible({ timeout: 10_000 });

  await test.step("a launch is taken at once and says what it waits for", async () => {
    const before = Date.now();
    const agent = await api.launch(project, { name: "painter", start_command: "" });
    expect(Date.now() - before).toBeLessThan(2000);
    const row = page.getByRole("table", { name: "Agents" }).getByRole("row").filter({ hasText: "painter" });
    await expect(row).toContainText("pending", { ignoreCase: true });
    await expect(row).toContainText("Runtime unavailable", { timeout: 20_000 });
    await page.goto(`/agents/${agent}`);
    await expect(page.getByRole("heading", { name: "Cluster events" })).toBeVisible();
    await expect(notice).toBeVisible();
    await notice.getByText("What was answered").click();
    await picture(page, "cluster-away-agent");
  });

  await test.step("the other pages work", async () => {
    await page.goto("/projects");
    await interactive(page);
    await expect(page.getByRole("link", { name: "Paint" })).toBeVisible();
    await expectAccessible(page, "projects while the cluster is away");
    await page.goto("/agents");
    await page.setViewportSize({ width: 390, height: 844 });
    await expect(notice).toBeVisible();
    await picture(page, "cluster-away-phone");
    await page.emulateMedia({ colorScheme: "dark" });
    await picture(page, "cluster-away-phone-dark");
  });
});
