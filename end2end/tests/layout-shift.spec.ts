// Pages stand still while they load and become interactive: what the server sent is where the browser leaves it.

import type { Page } from "@playwright/test";
import type { Api } from "../fixtures/api.ts";
import { interactive } from "../fixtures/interactive.ts";
import { running } from "../fixtures/running.ts";
import { expect, test } from "../fixtures/test.ts";
import { call } from "../fixtures/worker.ts";

/** What moved, by how much, as Chromium counts it. */
interface Shift {
  value: number;
  what: string[];
}

/** Records every shift from the first paint on. */
async function recordShifts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    interface LayoutShift extends PerformanceEntry {
      value: number;
      sources: { node?: Node; previousRect: DOMRectReadOnly; currentRect: DOMRectReadOnly }[];
    }
    const rect = ({ x, y, width, height }: DOMRectReadOnly): string => `${width}×${height} at ${x},${y}`;
    const shifts: Shift[] = [];
    const take = (entries: PerformanceEntryList): void => {
      for (const { value, sources } of entries as LayoutShift[]) {
        const what = sources.map(({ node, previousRect, currentRect }) => {
          const name = (node instanceof Element ? node.outerHTML : (node?.textContent ?? "gone")).slice(0, 120);
          return `${name}: ${rect(previousRect)}, then ${rect(currentRect)}`;
        });
        shifts.push({ value, what });
      }
    };
    const observer = new PerformanceObserver((list) => take(list.getEntries()));
    observer.observe({ type: "layout-shift", buffered: true });
    Object.assign(window, {
      shifted: () => {
        take(observer.takeRecords());
        return shifts;
      },
    });
  });
  // What hydration moves is seen only where the page was painted before it.
  await page.route(/\.wasm$/, async (route) => {
    await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length > 0);
    await route.continue();
  });
}

/** All that moved until the page is interactive, hears of news, and has been painted after that. */
async function shiftsOf(page: Page, path: string): Promise<Shift[]> {
  const listens = page.waitForResponse((answer) => answer.url().includes("/api/events"));
  await page.goto(path);
  await interactive(page);
  await listens;
  await page.evaluate(async () => {
    await document.fonts.ready;
    for (let frame = 0; frame < 5; frame++) await new Promise(requestAnimationFrame);
  });
  return page.evaluate(() => (window as unknown as { shifted: () => Shift[] }).shifted());
}

/** A project with tasks in several states, agents, and an open question. */
async function busy(api: Api, project: string, ask: () => Promise<unknown>): Promise<void> {
  for (let number = 1; number <= 6; number++) await api.task(project, `Oil the gears of engine number ${number}, all of them, and carefully`);
  await ask();
}

for (const size of [{ width: 1280, height: 800 }, { width: 390, height: 844 }]) {
  test.describe(`at a width of ${size.width}`, () => {
    test.use({ viewport: size });

    test("nothing jumps while a page loads", async ({ page, server }) => {
      const { api, project, agent } = await running(server, page, "still");
      await busy(api, project, async () => {
        const taken = await call(server, agent, "get_next_task");
        await call(server, agent, "report_progress", { task_id: taken["task"].id, lease_epoch: taken["lease"].epoch, summary: "Half", percent: 50 });
        await call(server, agent, "ask_user_question", { questions: [{ question: "Which oil?", options: [{ label: "Thin" }] }], wait_seconds: 0 });
      });
      await api.reach("waiting", agent);
      const [task] = (await api.read(`/api/projects/${project}/tasks`)) as unknown as { id: string }[];
      await recordShifts(page);
      for (const path of ["/projects", `/projects/${project}`, `/tasks/${task?.id}`, "/agents", `/agents/${agent}`, "/questions", "/settings"]) {
        expect(await shiftsOf(page, path), path).toEqual([]);
      }
    });
  });
}
