// On a phone: every page fits, and what one is to press is large enough for a finger.

import type { Page } from "@playwright/test";
import { Dashboard } from "../fixtures/dashboard.ts";
import { interactive } from "../fixtures/interactive.ts";
import { running } from "../fixtures/running.ts";
import { still } from "../fixtures/still.ts";
import { expect, test } from "../fixtures/test.ts";
import { call } from "../fixtures/worker.ts";

/** How high in pixels what one presses must be at least. */
const FINGER = 40;

/** What is pressed most: buttons, the way around, and what opens something. Links in running text are none of these. */
const MAIN_ACTIONS = "button:not([disabled]), .nav-link, summary, select, input:not([type=hidden]):not([type=checkbox]), .option";

/** Nothing sticks out of the window, and every main action is large enough. */
async function expectFits(page: Page, where: string): Promise<void> {
  // A dialog that is just coming up is still smaller than it will be.
  await still(page);
  const found = await page.evaluate(
    ({ finger, actions }) => {
      const shown = (element: Element): boolean => element.checkVisibility({ visibilityProperty: true }) && !element.closest(".visually-hidden, .xterm");
      const dialog = document.querySelector("dialog[open]");
      const scope = dialog ?? document;
      const small = [...scope.querySelectorAll(actions)]
        .filter(shown)
        .map((element) => ({ element, height: element.getBoundingClientRect().height }))
        .filter(({ height }) => height < finger)
        .map(({ element, height }) => `${Math.round(height)} px: ${(element.getAttribute("aria-label") ?? element.textContent ?? "").trim()} (${element.className})`);
      return { width: document.documentElement.scrollWidth, small };
    },
    { finger: FINGER, actions: MAIN_ACTIONS },
  );
  expect.soft(found.width, `${where} fits into the window`).toBeLessThanOrEqual(390);
  expect.soft(found.small, `what is too small for a finger: ${where}`).toEqual([]);
}

test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(`in ${colorScheme}`, () => {
    test.use({ colorScheme });

    test("every page fits a phone and a finger", async ({ page, server, picture }) => {
      const { api, project, agent } = await running(server, page, "a-name-as-long-as-they-get-here");
      const task = await api.task(project, "Oil the gears of the difference engine, all of them, and carefully");
      await api.task(project, "Buy-a-can-of-oil-without-any-place-where-a-line-could-be-broken");
      const taken = await call(server, agent, "get_next_task");
      await call(server, agent, "report_progress", { task_id: taken["task"].id, lease_epoch: taken["lease"].epoch, summary: "Half of the gears are oiled by now", percent: 50 });
      const options = [{ label: "Thin" }, { label: "Thick", description: "As the engineer had it, in a can of ten litres" }];
      await call(server, agent, "ask_user_question", {
        questions: [{ header: "Oil", question: "Which oil shall it be for the gears?", options, allow_text: true }],
        wait_seconds: 0,
      });
      await api.reach("waiting", agent);
      const pages: [string, string][] = [
        ["projects", "/projects"],
        ["board", `/projects/${project}`],
        ["task", `/tasks/${task}`],
        ["agents", "/agents"],
        ["agent", `/agents/${agent}`],
        ["inbox", "/questions"],
        ["settings", "/settings"],
        ["users", "/settings/users"],
      ];
      for (const [name, path] of pages) {
        await page.goto(path);
        await interactive(page);
        await expectFits(page, name);
        await picture(page, `phone-${colorScheme}-${name}`);
      }
      await page.goto(`/projects/${project}`);
      await interactive(page);
      await page.getByRole("button", { name: "New task" }).tap();
      await expect(page.getByRole("dialog", { name: "New task" })).toBeVisible();
      await expectFits(page, "new task");
      await picture(page, `phone-${colorScheme}-new-task`);

      await page.goto("/agents");
      await interactive(page);
      await page.getByRole("button", { name: "Open terminal" }).tap();
      const { terminal } = new Dashboard(page);
      await terminal.expectRow(/[$#]\s*$/);
      await expectFits(page, "terminal in its dialog");
      await picture(page, `phone-${colorScheme}-terminal-dialog`);
      await page.goto(`/agent-terminal/${agent}`);
      await terminal.type("seq 1 30; ls --color=always /");
      await terminal.expectRow(/usr/);
      await expectFits(page, "terminal");
      const keys = await page.getByRole("toolbar", { name: "Keys" }).boundingBox();
      expect((keys?.y ?? 0) + (keys?.height ?? 0), "the keys are on the screen").toBeLessThanOrEqual(844);
      await terminal.region.getByText("Tools").tap();
      await expectFits(page, "terminal with tools");
      const bottom = (selector: string): Promise<number> => page.locator(selector).evaluate((element) => element.getBoundingClientRect().bottom);
      const isCut = async (): Promise<boolean> => (await bottom(".xterm-screen")) > (await bottom(".terminal__screen"));
      await expect.poll(isCut, { message: "the last rows are above the keys" }).toBe(false);
      await picture(page, `phone-${colorScheme}-terminal`);
    });
  });
}
