// An old copy of the database does not know an agent that runs: it is shown, given back with its workspace, and what nobody owns
// is removed.

import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { Api } from "../fixtures/api.ts";
import { expectAccessible } from "../fixtures/accessible.ts";
import { interactive } from "../fixtures/interactive.ts";
import { expect, test } from "../fixtures/test.ts";

/** How people look at it: in light, in dark and on a phone. */
const LOOKS = [
  { name: "light", colorScheme: "light", size: { width: 1280, height: 800 } },
  { name: "dark", colorScheme: "dark", size: { width: 1280, height: 800 } },
  { name: "phone", colorScheme: "light", size: { width: 390, height: 844 } },
] as const;
/** An agent that no database ever knew. */
const STRAY = "0190b5c6-7d2a-7cc3-9c41-3a8f0c5d1e22";

/** Puts the files of one folder's database in place of another's: what was written since must not come back out of its log. */
function copyDatabase(from: string, to: string): void {
  const files = (folder: string): string[] => readdirSync(folder).filter((name) => /\.db(-wal|-shm)?$/.test(name));
  for (const name of files(to)) rmSync(join(to, name));
  for (const name of files(from)) cpSync(join(from, name), join(to, name));
}

async function seen(page: Page, name: string, picture: (page: Page, name: string) => Promise<void>): Promise<void> {
  for (const look of LOOKS) {
    await page.emulateMedia({ colorScheme: look.colorScheme });
    await page.setViewportSize(look.size);
    await expectAccessible(page, `${name}, ${look.name}`);
    await picture(page, `${name}-${look.name}`);
  }
  await page.emulateMedia({ colorScheme: null });
  await page.setViewportSize(LOOKS[0].size);
}

test("what only the runtime knows is given back or removed", async ({ page, context, server, picture }, testInfo) => {
  const api = await Api.register(server, "ada");
  const project = await api.project("Paint");
  await server.stop();
  const old = testInfo.outputPath("old");
  mkdirSync(old, { recursive: true });
  copyDatabase(server.data, old);
  await server.start();
  const agent = await api.launch(project, { name: "painter", start_command: "" });
  await api.reach("idle", agent);
  await server.kill();
  copyDatabase(old, server.data);
  mkdirSync(join(server.data, "agents", STRAY));
  await server.start();

  await context.addCookies(await api.cookies());
  await page.goto("/settings");
  await interactive(page);
  await page.getByRole("link", { name: "Orphans" }).click();
  const table = page.getByRole("table", { name: "Orphans" });
  const lost = table.getByRole("row").filter({ hasText: "painter" });
  const stray = table.getByRole("row").filter({ hasText: STRAY });
  await expect(lost).toContainText("ada");
  await expect(stray).toContainText("Nobody");
  await expect(stray.getByRole("button", { name: "Repair" })).toHaveCount(0);
  await seen(page, "orphans", picture);

  await test.step("it asks, and removes what nobody owns", async () => {
    await stray.getByRole("button", { name: "Remove" }).click();
    const dialog = page.getByRole("dialog", { name: "Remove" });
    await picture(page, "orphans-remove");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await expect(stray).toBeVisible();
    await stray.getByRole("button", { name: "Remove" }).click();
    await dialog.getByRole("button", { name: "Remove" }).click();
    await expect(stray).toHaveCount(0);
    expect(existsSync(join(server.data, "agents", STRAY))).toBe(false);
  });

  await test.step("it gives the agent back, stopped and with its workspace", async () => {
    await lost.getByRole("button", { name: "Repair" }).click();
    await page.getByRole("dialog", { name: "Repair" }).getByRole("button", { name: "Repair" }).click();
    await expect(page.getByRole("heading", { name: "No orphans" })).toBeVisible();
    await page.getByRole("link", { name: "Agents" }).click();
    const row = page.getByRole("table", { name: "Agents" }).getByRole("row").filter({ hasText: "painter" });
    await expect(row).toContainText("stopped", { ignoreCase: true });
    await row.getByRole("button", { name: "Start" }).click();
    await expect(row).toContainText("idle", { ignoreCase: true, timeout: 30_000 });
  });
});
