// Tasks move over the board with the mouse and with the keyboard alone, and their timeline tells of it.

import { Api } from "../fixtures/api.ts";
import { expectAccessible } from "../fixtures/accessible.ts";
import { expect, test } from "../fixtures/test.ts";

test.beforeEach(async ({ context, server, page }) => {
  const api = await Api.register(server, "ada");
  const project = await api.project("Engine");
  await api.task(project, "Oil the gears");
  await context.addCookies(await api.cookies());
  await page.goto(`/projects/${project}`);
});

test("a card is dragged to another column", async ({ page }) => {
  const card = page.getByRole("region", { name: "Backlog" }).getByText("Oil the gears");
  await card.dragTo(page.getByRole("region", { name: "In progress" }));
  await expect(page.getByRole("region", { name: "In progress" })).toContainText("Oil the gears");
  await page.reload();
  await expect(page.getByRole("region", { name: "In progress" }), "it was stored").toContainText("Oil the gears");
});

test("a card is moved by keyboard and its timeline says so", async ({ page }) => {
  const move = page.getByRole("combobox", { name: /move|state/i }).first();
  await move.focus();
  await move.selectOption({ label: "In review" });
  await expect(page.getByRole("region", { name: "In review" })).toContainText("Oil the gears");
  await expectAccessible(page, "board after a move");
  await page.getByRole("link", { name: "Oil the gears" }).click();
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
