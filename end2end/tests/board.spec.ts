// Tasks move over the board with the mouse and with the keyboard alone, and their timeline tells of it.

import type { Locator, Page } from "@playwright/test";
import { Api } from "../fixtures/api.ts";
import { expectAccessible } from "../fixtures/accessible.ts";
import { interactive } from "../fixtures/interactive.ts";
import { expect, test } from "../fixtures/test.ts";

/** A column of the board; its name goes on with the number of its tasks. */
function column(page: Page, state: string): Locator {
  return page.getByRole("region", { name: new RegExp(`^${state}`) });
}

test.beforeEach(async ({ context, server, page }) => {
  const api = await Api.register(server, "ada");
  const project = await api.project("Engine");
  await api.task(project, "Oil the gears");
  await context.addCookies(await api.cookies());
  await page.goto(`/projects/${project}`);
  await interactive(page);
});

test("a card is dragged to another column", async ({ page }) => {
  await column(page, "Backlog").getByText("Oil the gears").dragTo(column(page, "In progress"));
  await expect(column(page, "In progress")).toContainText("Oil the gears");
  await page.reload();
  await expect(column(page, "In progress"), "it was stored").toContainText("Oil the gears");
});

test("a card is moved by keyboard alone and its timeline says so", async ({ page }) => {
  const card = page.getByRole("link", { name: "Oil the gears" });
  await card.focus();
  await page.keyboard.press("Alt+ArrowRight");
  await expect(column(page, "In progress")).toContainText("Oil the gears");
  await expect(card, "the focus stays on what was moved").toBeFocused();

  await page.getByRole("button", { name: "Move to" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("group", { name: "Move to" }).getByRole("button", { name: "In review" }).press("Enter");
  await expect(column(page, "In review")).toContainText("Oil the gears");
  await expectAccessible(page, "board after a move");

  await card.press("Enter");
  await expect(page).toHaveURL(/tasks/);
  await expect(page.getByText(/in review/i).first()).toBeVisible();
  await expect(page.getByText("ada").first()).toBeVisible();
});

test("a description's Markdown is shown, its scripts are not", async ({ page, server, browserConsole }) => {
  browserConsole.expect(/status of 404.*\/x\)$/); // The picture of the description, where pictures are allowed.
  const api = await Api.login(server, "ada");
  const project = /projects\/([0-9a-f-]{36})/.exec(page.url())?.[1] ?? "";
  const answer = await api.send("POST", `/api/projects/${project}/tasks`, {
    title: "<script>alert(1)</script>",
    description: "**bold** <img src=x onerror=alert(2)> [link](javascript:alert(3))",
  });
  const { data } = (await answer.json()) as { data: { id: string } };
  page.on("dialog", () => {
    throw new Error("a script of the description ran");
  });
  await page.goto(`/tasks/${data.id}`);
  await expect(page.locator("strong", { hasText: "bold" })).toBeVisible();
  await expect(page.getByText("<script>alert(1)</script>").first()).toBeVisible();
  expect(await page.locator('[onerror], a[href^="javascript"]').count()).toBe(0);
});
