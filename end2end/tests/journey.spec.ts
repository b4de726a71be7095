// The main job from the first visit to the last trace: in light, in dark and on a phone. Each step leaves a picture.

import { existsSync, readdirSync } from "node:fs";
import { expectAccessible } from "../fixtures/accessible.ts";
import { Dashboard } from "../fixtures/dashboard.ts";
import { expect, test } from "../fixtures/test.ts";
import { until } from "../fixtures/until.ts";

/** How long an agent's last traces may take to disappear. */
const CLEAN_DEADLINE = 20_000;

test("from the first visit to a working terminal and back to nothing", async ({ page, server, picture }) => {
  const dashboard = new Dashboard(page);
  const look = async (name: string): Promise<void> => {
    await expectAccessible(page, name);
    const [width, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    expect(width, `${name} fits into the window`).toBeLessThanOrEqual(room ?? 0);
    await picture(page, name);
  };

  await test.step("create an account", async () => {
    await page.goto("/");
    await look("1-first-visit");
    await dashboard.createAccount("ada");
  });

  await test.step("make a project and a task", async () => {
    await dashboard.goTo("Projects");
    await look("2-no-projects");
    const project = await dashboard.open("New project");
    await look("2-new-project");
    await project.getByLabel("Project name").fill("Analytical engine");
    await dashboard.submit(project);
    await dashboard.goTo("Projects");
    await expect(page.getByRole("table", { name: "Projects" })).toContainText("Analytical engine");
    await look("3-projects");
    await page.getByRole("link", { name: "Analytical engine" }).first().click();
    const task = await dashboard.open("New task");
    await look("4-new-task");
    await task.getByLabel("Title").fill("Compute the Bernoulli numbers");
    await dashboard.submit(task);
    await expect(page.getByText("Compute the Bernoulli numbers").first()).toBeVisible();
    await look("4-board");
  });

  await test.step("launch an agent and see it come up", async () => {
    await dashboard.goTo("Agents");
    await look("5-no-agents");
    const launch = await dashboard.open("Launch agent");
    await expect(launch.getByLabel("Agent name"), "a name is proposed").not.toHaveValue("");
    await look("5-launch");
    await launch.getByLabel("Agent name").fill("bernoulli");
    await dashboard.submit(launch);
    await dashboard.expectPhase("bernoulli", "idle");
    await look("6-agents");
    await dashboard.agent("bernoulli").getByRole("link", { name: "bernoulli" }).click();
    await expect(page).toHaveURL(/\/agents\/[0-9a-f-]{36}$/);
    await look("6-agent");
    await dashboard.goTo("Agents");
  });

  await test.step("work in its terminal", async () => {
    await dashboard.press("bernoulli", "Open terminal");
    await dashboard.terminal.type("echo $((6*7)) | tee answer");
    await dashboard.terminal.expectRow(/^42$/);
    await look("7-terminal");
  });

  await test.step("find the screen as it was after a reload", async () => {
    await page.reload();
    if (!(await dashboard.terminal.region.isVisible())) await dashboard.press("bernoulli", "Open terminal");
    await dashboard.terminal.expectRow(/^42$/);
    await picture(page, "8-terminal-after-reload");
  });

  const id = /agent-terminal\/([0-9a-f-]{36})/.exec(await linkToTerminal(dashboard))?.[1] ?? "";
  await test.step("stop and start it; its workspace is kept", async () => {
    await page.goto("/agents");
    await dashboard.press("bernoulli", "Stop");
    await dashboard.expectPhase("bernoulli", "stopped");
    expect(server.processes(id), "nothing of a stopped agent runs").toEqual([]);
    await look("9-stopped");
    await dashboard.press("bernoulli", "Start");
    await dashboard.expectPhase("bernoulli", "idle");
    await dashboard.press("bernoulli", "Open terminal");
    await dashboard.terminal.type("cat answer");
    await dashboard.terminal.expectRow(/^42$/);
  });

  await test.step("delete it; nothing is left", async () => {
    await page.goto("/agents");
    await dashboard.press("bernoulli", "Delete");
    await look("10-delete");
    await dashboard.confirm("Delete");
    await expect(dashboard.agent("bernoulli")).toHaveCount(0);
    await until("no process of the agent runs", CLEAN_DEADLINE, () => server.processes(id).length === 0);
    await until("no file of the agent is left", CLEAN_DEADLINE, () => !holds(server.data, id));
  });

  await test.step("look at the settings and sign out", async () => {
    await dashboard.goTo("Settings");
    await look("11-settings");
    await page.getByRole("button", { name: "Sign out" }).first().click();
    await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
    await look("12-sign-in");
  });
});

/** The address of the one agent's full-page terminal. */
async function linkToTerminal(dashboard: Dashboard): Promise<string> {
  const agents = (await (await dashboard.page.request.get("/api/agents/my")).json()) as { data: { id: string }[] };
  return `/agent-terminal/${agents.data[0]?.id ?? ""}`;
}

/** Whether any file or folder below `folder` is named after `id`. */
function holds(folder: string, id: string): boolean {
  return existsSync(folder) && readdirSync(folder, { recursive: true }).some((path) => String(path).includes(id));
}
