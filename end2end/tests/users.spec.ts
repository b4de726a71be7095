// Somebody leaves: an administrator deletes the account, or its owner does, and nothing of it is left on this host.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expectAccessible } from "../fixtures/accessible.ts";
import { Api, PASSWORD } from "../fixtures/api.ts";
import { Dashboard } from "../fixtures/dashboard.ts";
import { interactive } from "../fixtures/interactive.ts";
import { expect, test } from "../fixtures/test.ts";

test.use({ options: { AIWORKER_REGISTRATION: "open" } });

test("an administrator deletes an account with its agents, and the others stay", async ({ page, context, server, picture }) => {
  const ada = await Api.register(server, "ada");
  const bob = await Api.register(server, "bob");
  const agents: string[] = [];
  for (const api of [ada, bob]) {
    const agent = await api.launch(await api.project("Paint"), { name: "painter", start_command: "" });
    await api.reach("idle", agent);
    agents.push(agent);
  }
  await context.addCookies(await ada.cookies());
  await page.goto("/settings");
  await interactive(page);
  await page.getByRole("link", { name: "Users" }).click();
  const table = page.getByRole("table", { name: "Users" });
  const row = table.getByRole("row").filter({ hasText: "bob" });
  await expect(row).toContainText("Member");
  await expect(table.getByRole("row").filter({ hasText: "ada" }).getByRole("button", { name: "Delete" }), "not oneself").toHaveCount(0);
  await expectAccessible(page, "users");
  await picture(page, "users");
  await row.getByRole("button", { name: "Delete" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete" });
  await expect(dialog).toContainText("Delete the account bob?");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await expect(page.getByText("The account is being deleted.")).toBeVisible();
  expect((await bob.send("GET", "/api/auth/me")).status()).toBe(401);
  await expect.poll(async () => (await (await ada.send("GET", "/api/users")).json()).data.length, { timeout: 60_000 }).toBe(1);
  const folders = readdirSync(join(server.data, "agents"));
  expect(folders).toContain(agents[0]);
  expect(folders).not.toContain(agents[1]);
});

test("one deletes one's own account with the password", async ({ page, server, browserConsole }) => {
  browserConsole.expect(/400|401/);
  await Api.register(server, "ada");
  await Api.register(server, "bob");
  const dashboard = new Dashboard(page);
  await dashboard.signIn("bob");
  await page.goto("/settings");
  await interactive(page);
  const dialog = await dashboard.open("Delete account");
  await dialog.getByLabel("Your password").fill("not the password");
  await dialog.getByRole("button", { name: "Delete account" }).click();
  await expect(dialog.getByText("This is not your password. Nothing was deleted.")).toBeVisible();
  await dialog.getByLabel("Your password").fill(PASSWORD);
  await dialog.getByRole("button", { name: "Delete account" }).click();
  await expect(page).toHaveURL(/\/login/);
});
