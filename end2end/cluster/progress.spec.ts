// What a person is told of an agent's start, and of what goes wrong in the cluster: each step as it is taken, a sentence, and the
// cluster's own words to unfold.

import { Api } from "../fixtures/api.ts";
import { podName } from "../fixtures/cluster.ts";
import { POD_DEADLINE, expect, test } from "../fixtures/cluster-test.ts";
import { Dashboard } from "../fixtures/dashboard.ts";

/** Nobody listens there. */
const NOWHERE = "127.0.0.1:1/no-such/agent:1";

test("a start shows its steps as they are taken", async ({ page, context, server }) => {
  const api = await Api.register(server, "ada");
  api.patience = POD_DEADLINE;
  const project = await api.project("Engine");
  await context.addCookies(await api.cookies());
  await page.addInitScript(() => {
    const seen: string[] = [];
    Object.assign(window, { seen });
    const look = (): void => {
      const steps = [...document.querySelectorAll('[aria-label="Start"] li')];
      const last = steps.filter((step) => step.className !== "").at(-1)?.textContent?.replace(/^\w+: /, "");
      if (steps.length === 5 && last && seen.at(-1) !== last) seen.push(last);
    };
    new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
  });
  await page.goto("/agents");
  const agent = await api.launch(project, { name: "bernoulli" });
  await new Dashboard(page).expectPhase("bernoulli", "idle", POD_DEADLINE);
  await expect(page.getByRole("list", { name: "Start" })).toHaveCount(0);
  const seen = await page.evaluate(() => (window as unknown as { seen: string[] }).seen);
  const order = ["Scheduled", "Pulling image", "Created", "Started", "Terminal ready"];
  // A node may be quicker than anybody looks, and may have the image already; what is seen comes in this order.
  expect(seen).toEqual(order.filter((step) => seen.includes(step)));
  expect(seen.length, `steps seen: ${seen.join(", ")}`).toBeGreaterThanOrEqual(2);
  await api.delete(agent);
  await api.gone();
});

test.describe("where the image cannot be fetched", () => {
  test.use({ chosen: { AIWORKER_AGENT_IMAGE: NOWHERE } });

  test("an agent says so in words, with the cluster's beside them, and how far it came", async ({ page, context, server, picture }) => {
    const api = await Api.register(server, "ada");
    api.patience = POD_DEADLINE;
    const agent = await api.launch(await api.project("Engine"), { name: "mute" });
    await context.addCookies(await api.cookies());
    await page.goto(`/agents/${agent}`);
    const main = page.getByRole("main");
    await expect(main).toContainText(`The image ${NOWHERE} cannot be fetched.`, { timeout: POD_DEADLINE });
    await expect(main).toContainText("Check its name and the pull secret");
    const steps = page.getByRole("list", { name: "Start" }).getByRole("listitem");
    await expect(steps).toHaveText(["done: Scheduled", "failed: Pulling image", "Created", "Started", "Terminal ready"]);
    const raw = main.locator("details", { hasText: "What the cluster said" }).first();
    await expect(raw.locator("pre")).toBeHidden();
    await raw.getByText("What the cluster said").click();
    await expect(raw.locator("pre")).toContainText("127.0.0.1:1");
    await picture(page, "cluster-image-missing");
    for (const [name, width] of [["wide", 1280], ["phone", 390]] as const) {
      await page.emulateMedia({ colorScheme: "dark" });
      await page.setViewportSize({ width, height: 844 });
      const isInside = raw.locator("pre").evaluate((text) => text.scrollWidth <= text.clientWidth && text.getBoundingClientRect().right <= innerWidth);
      expect(await isInside, `long lines are wrapped, ${name}`).toBe(true);
      await picture(page, `cluster-image-missing-dark-${name}`);
    }
    await api.delete(agent);
    await api.gone();
  });
});

test("a volume that somebody deletes under a live agent is told on its page", async ({ page, context, server, cluster, picture }) => {
  const api = await Api.register(server, "ada");
  api.patience = POD_DEADLINE;
  const agent = await api.launch(await api.project("Engine"), { name: "bernoulli" });
  await api.reach("idle", agent);
  await context.addCookies(await api.cookies());
  await page.goto(`/agents/${agent}`);
  await cluster.delete("pvc", `workspace-${podName(agent)}`);
  await expect(page.getByRole("main")).toContainText("when it stops, its workspace is lost", { timeout: POD_DEADLINE });
  await expect(page.getByRole("main")).toContainText("idle");
  await picture(page, "cluster-volume-deleted");
  await api.delete(agent);
  await api.gone();
  expect(await cluster.objects()).not.toContain(`PersistentVolumeClaim workspace-${podName(agent)}`);
});
