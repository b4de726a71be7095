// New questions on the desktop: asked for with a click and never before, shown to who looks elsewhere, once for all tabs.

import { type Page, expect } from "@playwright/test";
import { Api } from "../fixtures/api.ts";
import { interactive } from "../fixtures/interactive.ts";
import { test } from "../fixtures/test.ts";
import { call } from "../fixtures/worker.ts";

/** What the page asked of the browser, and what it showed. The browser itself does both. */
interface Watched {
  asked: number;
  shown: { title: string; body: string; tag: string }[];
  last?: Notification;
}

declare global {
  var watched: Watched;
}

/** Watches the browser's own notifications. */
async function watch(page: Page): Promise<void> {
  await page.addInitScript(() => {
    globalThis.watched = { asked: 0, shown: [] };
    const Real = globalThis.Notification;
    globalThis.Notification = class extends Real {
      static override requestPermission(): Promise<NotificationPermission> {
        watched.asked += 1;
        return Real.requestPermission();
      }

      constructor(title: string, options: NotificationOptions = {}) {
        super(title, options);
        watched.shown.push({ title, body: this.body, tag: this.tag });
        watched.last = this;
      }
    };
  });
}

/** Lets the page believe what it would be told if the person looked elsewhere; the test's browser always looks. */
async function look(page: Page, away: boolean): Promise<void> {
  await page.evaluate((away) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => away });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  }, away);
}

const shown = (page: Page): Promise<Watched["shown"]> => page.evaluate(() => watched.shown);

test("a question is told on the desktop, where that was allowed by a click", async ({ page, context, server, picture }) => {
  const api = await Api.register(server, "ada");
  const project = await api.project("Paint");
  const agent = await api.launch(project, { name: "painter", start_command: "" });
  await api.reach("idle", agent);
  const ask = (question: string): Promise<Record<string, any>> =>
    call(server, agent, "ask_user_question", { questions: [{ question }], wait_seconds: 0 });
  await context.addCookies(await api.cookies());
  await watch(page);

  await page.goto("/settings");
  await interactive(page);
  const section = page.getByRole("region", { name: "Notifications" });
  const button = section.getByRole("button", { name: "Allow notifications" });
  await expect(button).toBeEnabled();
  await look(page, true);
  await ask("Nobody allowed this?");
  await expect(page).toHaveTitle("(1) Settings · AiWorker");
  expect(await page.evaluate(() => watched), "nothing before the click").toMatchObject({ asked: 0, shown: [] });
  await look(page, false);
  await picture(page, "notifications-before");

  await context.grantPermissions(["notifications"]);
  await button.click();
  await expect(section.getByRole("status")).toHaveText("Allowed in this browser.");
  expect(await page.evaluate(() => watched.asked)).toBe(1);
  await picture(page, "notifications-allowed");

  await ask("Who looks needs no notification?");
  await expect(page).toHaveTitle("(2) Settings · AiWorker");
  expect(await shown(page)).toEqual([]);
  await look(page, true);
  const asked = await ask("Which colour?");
  // The title follows out of sight, too.
  await expect(page).toHaveTitle("(3) Settings · AiWorker");
  await expect.poll(() => shown(page)).toEqual([{ title: "painter asks", body: "Which colour?", tag: asked["question_id"] }]);

  await page.evaluate(() => watched.last?.dispatchEvent(new Event("click")));
  await expect(page).toHaveURL(/\/questions$/);
  await expect(page.getByText("Which colour?")).toBeVisible();
});

test("of the tabs that are out of sight one listens", async ({ context, server }) => {
  const api = await Api.register(server, "ada");
  const agent = await api.launch(await api.project("Paint"), { name: "painter", start_command: "" });
  await api.reach("idle", agent);
  await context.addCookies(await api.cookies());
  const open = async (): Promise<Page> => {
    const page = await context.newPage();
    await page.goto("/projects");
    await interactive(page);
    return page;
  };
  const [first, second] = [await open(), await open()];
  await look(first, true);
  // Two tabs that ask at the same time may be answered in any order.
  const listening = (): Promise<number | undefined> => first.evaluate(async () => (await navigator.locks.query()).held?.length);
  await expect.poll(listening).toBe(1);
  await look(second, true);
  await call(server, agent, "ask_user_question", { questions: [{ question: "Shall I?" }], wait_seconds: 0 });
  await expect(first).toHaveTitle("(1) Projects · AiWorker");
  await expect(second, "it keeps no connection").toHaveTitle("Projects · AiWorker");
  // Its place is taken by the other one when it goes.
  await first.close();
  await expect(second).toHaveTitle("(1) Projects · AiWorker");
  await look(second, false);
  await expect(second).toHaveTitle("(1) Projects · AiWorker");
});
