// Before the WASM arrives, and where it never does, forms and links work.

import { Api, PASSWORD } from "../fixtures/api.ts";
import { expect, test } from "../fixtures/test.ts";

test.use({ javaScriptEnabled: false });

test.beforeEach(({ browserConsole }) => browserConsole.expect(/preloaded using link preload but not used/));

test("an account and a project are made by plain forms", async ({ page }) => {
  await page.goto("/register");
  await page.getByLabel("Username").fill("ada");
  await page.getByLabel("Password").first().fill(PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page).toHaveURL(/\/(projects|agents)/);

  await page.goto("/projects");
  await page.getByRole("button", { name: "New project" }).first().click();
  const dialog = page.getByRole("dialog", { name: "New project" });
  await dialog.getByLabel("Project name").fill("By hand");
  await dialog.locator('button[type="submit"]').last().click();
  await page.goto("/projects");
  await expect(page.getByRole("table", { name: "Projects" })).toContainText("By hand");
});

test("a wrong password is explained on the page", async ({ page, server }) => {
  await Api.register(server, "ada");
  await page.goto("/login");
  await page.getByLabel("Username").fill("nobody");
  await page.getByLabel("Password").first().fill("not a password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText(/password/i).first()).toBeVisible();
  await expect(page.getByRole("alert").first()).toBeVisible();
});

test("an agent is stopped, started and deleted by plain buttons", async ({ page, context, server }) => {
  const api = await Api.register(server, "ada");
  const agent = await api.launch(await api.project("Engine"), { name: "steam" });
  await api.reach("idle", agent);
  await context.addCookies(await api.cookies());
  const press = async (name: string): Promise<void> => {
    await page.goto("/agents");
    await page.getByRole("table", { name: "Agents" }).getByRole("button", { name }).click();
  };

  await press("Stop");
  await api.reach("stopped", agent);
  await press("Start");
  await api.reach("idle", agent);
  await press("Open terminal");
  await expect(page).toHaveURL(new RegExp(`/agent-terminal/${agent}`));
  await press("Delete");
  await page.getByRole("dialog", { name: "Delete" }).getByRole("button", { name: "Delete" }).click();
  await api.gone();
});
