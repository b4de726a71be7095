// Tasks move over the board with the mouse and with the keyboard alone, and their timeline tells of it.

import type { Locator, Page } from "@playwright/test";
import { Api } from "../fixtures/api.ts";
import { expectAccessible } from "../fixtures/accessible.ts";
import { interactive } from "../fixtures/interactive.ts";
import { expect, test } from "../fixtures/test.ts";
import { call } from "../fixtures/worker.ts";

/** A column of the board; its name goes on with the number of its tasks. */
function column(page: Page, state: string): Locator {
  return page.getByRole("region", { name: new RegExp(`^${state}`) });
}

/** The card of a task. */
function card(page: Page, title: string): Locator {
  return page.getByRole("listitem").filter({ has: page.getByRole("link", { name: title, exact: true }) });
}

/** The project whose board is shown. */
function projectOf(page: Page): string {
  return /projects\/([0-9a-f-]{36})/.exec(page.url())?.[1] ?? "";
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
  const answer = await api.send("POST", `/api/projects/${projectOf(page)}/tasks`, {
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

test("a task is changed in its dialog, seen beforehand as it will be, and shown without a reload", async ({ page, server, browserConsole }) => {
  browserConsole.expect(/status of 404.*\/x\)$/); // The picture of the description, where pictures are allowed.
  await page.evaluate(() => Object.assign(window, { sameVisit: true }));
  page.on("dialog", () => {
    throw new Error("a script of the description ran");
  });
  await card(page, "Oil the gears").hover();
  await card(page, "Oil the gears").getByRole("button", { name: "Edit" }).click();
  const dialog = page.getByRole("dialog", { name: "Edit" });
  const title = dialog.getByLabel("Title");
  await expect(title).toBeFocused();
  await expect(title).toHaveValue("Oil the gears");
  await title.fill(" ");
  await dialog.getByRole("button", { name: "Save changes" }).click();
  await expect(title).toHaveAttribute("aria-invalid", "true");

  await title.fill("Grease the gears");
  await dialog.getByRole("textbox", { name: "Description" }).fill("# How\n\n- [x] **thickly**\n\n<img src=x onerror=alert(1)> [go](javascript:alert(2))");
  await dialog.getByRole("button", { name: "Preview" }).click();
  const preview = dialog.locator(".markdown");
  await expect(preview.getByRole("heading", { name: "How" })).toBeVisible();
  await expect(preview.locator("strong")).toHaveText("thickly");
  await expect(preview.locator('img, script, [onerror], a[href^="javascript"]')).toHaveCount(0);
  await dialog.getByRole("button", { name: "Write" }).click();
  await expect(dialog.getByRole("textbox", { name: "Description" }), "what was written is kept").toHaveValue(/thickly/);
  await expectAccessible(page, "edit task");
  await dialog.getByRole("button", { name: "Save changes" }).click();
  await expect(dialog).toBeHidden();
  await expect(card(page, "Grease the gears")).toBeVisible();
  await expect(card(page, "Oil the gears")).toHaveCount(0);

  await card(page, "Grease the gears").getByRole("link").click();
  await expect(page.getByRole("main").getByRole("heading", { name: "How" })).toBeVisible();
  expect(await page.evaluate(() => "sameVisit" in window), "not loaded again").toBe(true);
  const id = /tasks\/([0-9a-f-]{36})/.exec(page.url())?.[1] ?? "";
  const stored = await (await Api.login(server, "ada")).read(`/api/tasks/${id}`);
  expect(stored).toMatchObject({ title: "Grease the gears", priority: "normal", state: "backlog" });
});

test("a priority is shown on the card, and changed; what is urgent stands first", async ({ page, server }) => {
  const api = await Api.login(server, "ada");
  await api.send("POST", `/api/projects/${projectOf(page)}/tasks`, { title: "Sweep the floor", priority: "low" });
  const titles = column(page, "Backlog").getByRole("listitem").getByRole("link");
  await expect(titles).toHaveText(["Oil the gears", "Sweep the floor"]);
  const floor = card(page, "Sweep the floor");
  await expect(floor).toContainText("Low");
  await expect(card(page, "Oil the gears")).toContainText("Normal");

  await floor.hover();
  await floor.getByRole("button", { name: "Edit" }).click();
  const dialog = page.getByRole("dialog", { name: "Edit" });
  await expect(dialog.getByLabel("Priority")).toHaveValue("low");
  await dialog.getByLabel("Priority").selectOption("Urgent");
  await dialog.getByRole("button", { name: "Save changes" }).click();
  await expect(floor).toContainText("Urgent");
  await expect(titles).toHaveText(["Sweep the floor", "Oil the gears"]);
  await page.reload();
  await expect(titles, "it was stored").toHaveText(["Sweep the floor", "Oil the gears"]);
});

test("a change that somebody else made meanwhile is not written over", async ({ page, server, browserConsole }) => {
  browserConsole.expect(/status of 409/);
  await card(page, "Oil the gears").hover();
  await card(page, "Oil the gears").getByRole("button", { name: "Edit" }).click();
  const dialog = page.getByRole("dialog", { name: "Edit" });
  await dialog.getByLabel("Title").fill("Mine");
  const id = /card-([0-9a-f-]{36})/.exec((await page.getByRole("link", { name: "Oil the gears" }).getAttribute("id")) ?? "")?.[1];
  const api = await Api.login(server, "ada");
  expect((await api.send("PATCH", `/api/tasks/${id}`, { title: "Theirs" })).status()).toBe(200);
  await expect(page.getByText("Theirs")).toBeAttached();
  await dialog.getByRole("button", { name: "Save changes" }).click();
  await expect(dialog.getByRole("alert")).toContainText(/changed/i);
  await expect(dialog.getByLabel("Title"), "what was typed is kept").toHaveValue("Mine");
  expect((await api.read(`/api/tasks/${id}`))["title"]).toBe("Theirs");
});

test("by keyboard a card goes there and back, and at the end it says that there is no further", async ({ page }) => {
  const link = page.getByRole("link", { name: "Oil the gears" });
  const said = page.locator("p[aria-live=polite]");
  await link.focus();
  await page.keyboard.press("Alt+ArrowRight");
  await expect(said).toContainText("Oil the gears moved to In progress.");
  await page.keyboard.press("Alt+ArrowLeft");
  await expect(column(page, "Backlog")).toContainText("Oil the gears");
  await expect(link).toBeFocused();
  await page.keyboard.press("Alt+ArrowLeft");
  await expect(said).toContainText("Oil the gears cannot move further that way.");
  await expect(column(page, "Backlog")).toContainText("Oil the gears");
});

test("what an agent reports of its task is on the card at once: who, what, and how much is done", async ({ page, server }) => {
  const api = await Api.login(server, "ada");
  const agent = await api.launch(projectOf(page), { name: "oiler", start_command: "" });
  await api.reach("idle", agent);
  const taken = await call(server, agent, "get_next_task");
  const held = { task_id: taken["task"].id, lease_epoch: taken["lease"].epoch };
  const oil = card(page, "Oil the gears");
  await expect(column(page, "In progress")).toContainText("oiler");
  await expect(oil.getByRole("progressbar")).toHaveCount(0);
  for (const [summary, percent] of [["Looking for the can", 10], ["Half of them shine", 50]] as const) {
    await call(server, agent, "report_progress", { ...held, summary, percent });
    await expect(oil).toContainText(`oiler: ${summary}`);
    await expect(oil.getByRole("progressbar", { name: "Done" })).toHaveAttribute("value", String(percent));
  }
  await expectAccessible(page, "board with progress");
  await page.reload();
  await expect(oil, "the server shows it, too").toContainText("oiler: Half of them shine");
  await oil.getByRole("link", { name: "Oil the gears" }).click();
  await expect(page.getByRole("complementary", { name: "Facts" })).toContainText("Half of them shine (50 %)");
  await page.goto(`/agents/${agent}`);
  await expect(page.getByRole("region", { name: "Current task" }).getByRole("progressbar")).toHaveAttribute("value", "50");
});

test("what a person notes on a task is on its timeline at once, and the agent hears it with its next report", async ({ page, server }) => {
  const api = await Api.login(server, "ada");
  const agent = await api.launch(projectOf(page), { name: "oiler", start_command: "" });
  await api.reach("idle", agent);
  const taken = await call(server, agent, "get_next_task");
  const held = { task_id: taken["task"].id, lease_epoch: taken["lease"].epoch };
  await page.goto(`/tasks/${taken["task"].id}`);
  await interactive(page);
  const note = page.getByLabel("Note");
  await page.getByRole("button", { name: "Add note" }).click();
  await expect(note, "an empty one is refused").toHaveAttribute("aria-invalid", "true");
  await note.fill("The can is in the **shed**.");
  await page.getByRole("button", { name: "Add note" }).click();
  await expect(page.getByRole("region", { name: "Timeline" })).toContainText("The can is in the **shed**.");
  await expect(note).toHaveValue("");
  await expectAccessible(page, "a task with a note");
  const report = await call(server, agent, "report_progress", { ...held, summary: "Looking for the can" });
  expect(report["instructions"]).toContain("The can is in the **shed**.");
  const again = await call(server, agent, "report_progress", { ...held, summary: "Found it" });
  expect(again["instructions"], "it is said once").toBeNull();
});
