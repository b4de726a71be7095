// What a person does with their own account: password, browsers, tokens, theme.

import { Api, PASSWORD } from "../fixtures/api.ts";
import { Dashboard } from "../fixtures/dashboard.ts";
import { interactive } from "../fixtures/interactive.ts";
import { expect, test } from "../fixtures/test.ts";

test("a new password signs every other browser out, and the old one is worth nothing", async ({ page, server, browserConsole }) => {
  browserConsole.expect(/401|403|400/);
  const elsewhere = await Api.register(server, "ada");
  const dashboard = new Dashboard(page);
  await dashboard.signIn("ada");
  await page.goto("/settings");
  await interactive(page);
  const sessions = page.getByRole("table", { name: "Sessions" });
  await expect(sessions.getByRole("row")).toHaveCount(3);

  await page.getByLabel("Current password").fill("not the password");
  await page.getByLabel("New password").fill("another long password");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("This is not your current password.")).toBeVisible();

  await page.getByLabel("Current password").fill(PASSWORD);
  await page.getByLabel("New password").fill("another long password");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect.poll(async () => (await elsewhere.send("GET", "/api/auth/me")).status()).toBe(401);
  for (const name of ["Current password", "New password"]) await expect(page.getByLabel(name), "it is not kept on the page").toHaveValue("");
  await page.goto("/projects");
  await expect(page.getByRole("button", { name: "New project" }).first(), "this browser stays").toBeVisible();
});

test("another browser is signed out from here", async ({ page, server }) => {
  const elsewhere = await Api.register(server, "ada");
  await new Dashboard(page).signIn("ada");
  await page.goto("/settings");
  await interactive(page);
  const sessions = page.getByRole("table", { name: "Sessions" });
  await sessions.getByRole("button", { name: "Revoke" }).click();
  await expect(sessions.getByRole("row")).toHaveCount(2);
  await expect(sessions).toContainText("This browser");
  expect((await elsewhere.send("GET", "/api/auth/me")).status()).toBe(401);
});

test.use({ permissions: ["clipboard-read", "clipboard-write"] });

test("a token is shown once, works, and is revoked", async ({ page, server, picture }) => {
  await Api.register(server, "ada");
  const dashboard = new Dashboard(page);
  await dashboard.signIn("ada");
  await page.goto("/settings");
  await interactive(page);
  const dialog = await dashboard.open("New token");
  await dialog.getByLabel("Token name").fill("backup");
  await dashboard.submit(dialog);
  const made = page.getByRole("status").filter({ hasText: "The token “backup” is made." });
  await expect(made).toBeVisible();
  const secret = (await made.locator("code").textContent()) ?? "";
  await picture(page, "token-made");
  await made.getByRole("button", { name: "Copy" }).click();
  await expect(page.getByText("Copied.")).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret);
  const ask = async (): Promise<number> => (await fetch(`${server.url}/api/projects`, { headers: { authorization: `Bearer ${secret}` } })).status;
  expect(await ask()).toBe(200);
  await page.reload();
  await interactive(page);
  expect(await page.content(), "it is not shown again").not.toContain(secret);
  await page.getByRole("table", { name: "Tokens" }).getByRole("button", { name: "Revoke" }).click();
  await expect(page.getByRole("table", { name: "Tokens" })).toHaveCount(0);
  expect(await ask()).toBe(401);
});

test("the theme is switched, at once and for the next visit", async ({ page, server }) => {
  await Api.register(server, "ada");
  await new Dashboard(page).signIn("ada");
  await page.goto("/projects");
  await interactive(page);
  const background = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const seen: string[] = [];
  for (const theme of ["Light", "Dark"]) {
    const button = page.getByRole("group", { name: "Theme" }).getByRole("button", { name: theme }).first();
    const kept = page.waitForResponse((answer) => answer.url().endsWith("/_fn/theme/choose"));
    await button.click();
    await expect(button).toHaveAttribute("aria-pressed", "true");
    seen.push(await background());
    await kept;
    await page.reload();
    await interactive(page);
    expect(await background(), "after a reload").toBe(seen.at(-1));
  }
  expect(new Set(seen).size, "light is not dark").toBe(2);
});
