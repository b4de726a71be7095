// What the page's main thread was busy with, as the browser records it.

import type { Page } from "@playwright/test";

/** One task of the main thread, in milliseconds. */
export interface Task {
  /** How long it held up everything else. */
  elapsed: number;
  /** What the processor did for it meanwhile; the rest of the time it did something else, such as drawing without a graphics card. */
  busy: number;
}

/** An event of Chromium's trace, of those that are read here. Times are in microseconds. */
interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur?: number;
  tdur?: number;
}

const BEGIN = "recording begins";

/** Records the tasks of the page's main thread while something happens. */
export async function recordTasks(page: Page, happen: () => Promise<void>): Promise<Task[]> {
  const browser = page.context().browser();
  if (!browser) throw new Error("the page has no browser");
  await browser.startTracing(page, { categories: ["toplevel", "blink.user_timing"] });
  await page.evaluate((begin) => performance.mark(begin), BEGIN);
  await happen();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const begin = traceEvents.find(({ name }) => name === BEGIN);
  if (!begin) throw new Error("the trace does not say where it begins");
  const tasks = traceEvents
    .filter(({ ph, name, pid, tid }) => ph === "X" && name === "ThreadControllerImpl::RunTask" && pid === begin.pid && tid === begin.tid)
    .filter(({ ts }) => ts > begin.ts);
  // It is left out where it is nothing, and everywhere where the browser cannot tell.
  if (!tasks.some(({ tdur = 0 }) => tdur > 0)) throw new Error("the trace does not say what the processor did for a task");
  return tasks.map(({ dur = 0, tdur = 0 }) => ({ elapsed: dur / 1000, busy: tdur / 1000 }));
}
