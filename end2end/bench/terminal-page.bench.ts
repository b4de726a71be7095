// The terminal as a page: how soon a dead connection is noticed, what fifty terminals leave behind, and for how long a flood keeps the
// page busy.

import { setTimeout as pause } from "node:timers/promises";
import type { CDPSession, Page } from "@playwright/test";
import { Dashboard } from "../fixtures/dashboard.ts";
import { openOverALine } from "../fixtures/on-a-line.ts";
import { running } from "../fixtures/running.ts";
import { expect, test } from "../fixtures/test.ts";
import { format, median, quantile, record } from "./record.ts";
import { recordTasks } from "./trace.ts";

/** How often the line dies, and how much later than the last time after a sign of life, in ms: pings come every 5 s. */
const DEATHS = 6;
const LATER = 900;
const WAKES = 5;
const OPENINGS = 50;
/** Openings before the first look: what they fetch and compile stays. */
const WARM = 10;
/** How long a program floods, and how long the history may take to come after that, in ms. */
const FLOOD = 5000;
const HISTORY = 2000;

test.describe("a dead connection", () => {
  test.beforeEach(({ browserConsole }) => browserConsole.expect(/ERR_|WebSocket connection|Failed to fetch|net::/));

  test("is noticed", async ({ page, context, server }) => {
    await keepSockets(page);
    const { link, terminal } = await openOverALine(server, page, "dead");
    /** Milliseconds from an event, which says when it was, until the page says that the connection is gone. It is connected again afterwards. */
    const noticed = async (event: () => Promise<number>): Promise<number> => {
      await expect(terminal.region).toContainText("Connected");
      const said = page.evaluate(
        () =>
          new Promise<number>((say) => {
            const region = document.querySelector("[role=region][aria-label=Terminal]") ?? document.body;
            new MutationObserver((_, observer) => {
              if (!region.textContent?.includes("Reconnecting")) return;
              observer.disconnect();
              say(Date.now());
            }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
          }),
      );
      const began = await event();
      return (await said) - began;
    };
    const looked: number[] = [];
    for (let death = 0; death < DEATHS; death++) {
      looked.push(
        await noticed(async () => {
          // Pongs are what comes when nothing is printed.
          await pong(page);
          await pause(death * LATER);
          link.lose();
          return Date.now();
        }),
      );
    }
    const woken: number[] = [];
    for (let wake = 0; wake < WAKES; wake++) {
      woken.push(
        await noticed(async () => {
          link.lose();
          await context.setOffline(true);
          const back = Date.now();
          await context.setOffline(false);
          return back;
        }),
      );
    }
    link.close();
    record({
      what: "Terminal: a dead connection is noticed while somebody looks, most",
      value: Math.max(...looked) / 1000,
      unit: "s",
      detail: `p50 ${format(median(looked) / 1000)} s, ${DEATHS} times, at once to ${((DEATHS - 1) * LATER) / 1000} s after a sign of life`,
      limit: { most: 12 },
    });
    record({
      what: "Terminal: a dead connection is noticed when the network is back, most",
      value: Math.max(...woken) / 1000,
      unit: "s",
      detail: `p50 ${format(median(woken) / 1000)} s, ${WAKES} times`,
      limit: { most: 2 },
    });
  });
});

/** Keeps every socket that the page opens where it can be found. */
async function keepSockets(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const sockets: WebSocket[] = [];
    const Socket = WebSocket;
    window.WebSocket = class extends Socket {
      constructor(...how: ConstructorParameters<typeof WebSocket>) {
        super(...how);
        sockets.push(this);
      }
    };
    Object.assign(window, { sockets });
  });
}

/** Resolves with the next answer to a ping of the page. */
async function pong(page: Page): Promise<void> {
  await page.evaluate(
    () =>
      new Promise<void>((come) => {
        const socket = (window as unknown as { sockets: WebSocket[] }).sockets.at(-1);
        const take = ({ data }: MessageEvent<ArrayBuffer>): void => {
          if (new Uint8Array(data)[0] !== 0x84) return;
          socket?.removeEventListener("message", take);
          come();
        };
        socket?.addEventListener("message", take);
      }),
  );
}

/** What the page holds once everything that nobody needs is gone. */
async function held(page: Page, cdp: CDPSession): Promise<{ heap: number; nodes: number; listeners: number; sockets: number }> {
  await cdp.send("HeapProfiler.collectGarbage");
  const { metrics } = await cdp.send("Performance.getMetrics");
  const of = (name: string): number => metrics.find((one) => one.name === name)?.value ?? NaN;
  const sockets = await page.evaluate(
    () => (window as unknown as { sockets: WebSocket[] }).sockets.splice(0).filter(({ readyState }) => readyState !== WebSocket.CLOSED).length,
  );
  return { heap: of("JSHeapUsedSize"), nodes: of("Nodes"), listeners: of("JSEventListeners"), sockets };
}

test("terminals that are opened and closed", async ({ page, server }) => {
  await keepSockets(page);
  await running(server, page, "often");
  await page.goto("/agents");
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Performance.enable");
  const openAndClose = async (times: number): Promise<void> => {
    for (let time = 0; time < times; time++) {
      await page.getByRole("row", { name: /often/ }).getByRole("button", { name: "Open terminal" }).click();
      const dialog = page.getByRole("dialog", { name: "Open terminal" });
      await expect(dialog.getByRole("region", { name: "Terminal" })).toContainText("Connected");
      await dialog.getByRole("button", { name: /close/i }).click();
      await expect(dialog).toBeHidden();
    }
    // The last one has said goodbye.
    await page.waitForFunction(() => (window as unknown as { sockets: WebSocket[] }).sockets.every(({ readyState }) => readyState === WebSocket.CLOSED));
  };
  await openAndClose(WARM);
  const before = await held(page, cdp);
  await openAndClose(OPENINGS);
  const after = await held(page, cdp);
  expect(after.sockets).toBe(0);
  // One of each that stays would make it one each.
  expect((after.nodes - before.nodes) / OPENINGS, "nodes that stay").toBeLessThan(1);
  expect((after.listeners - before.listeners) / OPENINGS, "listeners that stay").toBeLessThan(1);
  const each = (what: "heap" | "nodes" | "listeners"): number => (after[what] - before[what]) / OPENINGS;
  record({
    what: "Terminal: what one that was opened and closed leaves in the page's heap",
    value: each("heap") / 1000,
    unit: "kB",
    detail: `${OPENINGS} times, ${format(before.heap / 1e6)} MB before and ${format(after.heap / 1e6)} MB after; ${format(each("nodes"))} nodes and ${format(each("listeners"))} listeners each`,
    limit: { most: 20 },
  });
});

test("a page in a flood", async ({ page, server }) => {
  const { agent } = await running(server, page, "busy");
  await page.goto(`/agent-terminal/${agent}`);
  const { terminal } = new Dashboard(page);
  await terminal.type("yes");
  await terminal.expectRow(/^y\s*$/);
  const tasks = await recordTasks(page, async () => {
    // Nothing is asked of the page meanwhile: its answer would be one of its tasks.
    await pause(FLOOD);
    expect(server.runs(agent, "yes"), "it still floods").toBe(true);
    await page.keyboard.press("Control+c");
    // The history comes anew, with what tmux has left out.
    await pause(HISTORY);
  });
  await terminal.expectRow(/[$#]\s*$/);
  const busy = tasks.map((task) => task.busy);
  const elapsed = tasks.map((task) => task.elapsed);
  record({
    what: "Terminal: longest task of the page in a flood and after it, of the processor",
    value: Math.max(...busy),
    unit: "ms",
    detail: `p99 ${format(quantile(busy, 0.99))} ms of ${tasks.length} tasks in ${(FLOOD + HISTORY) / 1000} s, the history that comes anew among them`,
    limit: { most: 50 },
  });
  record({
    what: "The same by the clock",
    value: Math.max(...elapsed),
    unit: "ms",
    detail: `p99 ${format(quantile(elapsed, 0.99))} ms, ${elapsed.filter((one) => one > 50).length} above 50 ms; the flood, tmux, the server and drawing without a graphics card have the same two processors`,
    limit: { most: 50 },
  });
});
