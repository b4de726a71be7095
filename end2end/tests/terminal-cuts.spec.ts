// A terminal on a line that is cut, falls silent, or is not looked at. The line is a relay between the browser and the server.

import { openOverALine } from "../fixtures/on-a-line.ts";
import { expect, test } from "../fixtures/test.ts";

/** A dead line is noticed within this time while somebody looks, in ms: a ping each 5 s, 5 s for its answer. */
const NOTICED = 12_000;

test.beforeEach(({ browserConsole }) => browserConsole.expect(/ERR_|WebSocket connection|Failed to fetch|net::/));

test("what was typed into a cut line is typed once, and nothing that was printed is missing", async ({ page, server, picture }) => {
  const { link, terminal } = await openOverALine(server, page, "cut");
  // What is typed is shown by `cat` only: an echo could stand in the middle of another line.
  await terminal.type("stty -echo; (for i in $(seq 1 40); do echo tick-$i; sleep 0.1; done) & cat; stty echo; clear; echo rows-$((1+1))");
  await terminal.expectRow("tick-5");
  link.cut();
  await expect(terminal.region).toContainText("Reconnecting");
  await picture(page, "reconnecting");
  await page.keyboard.type("typed-while-away");
  link.mend();
  await expect(terminal.region).toContainText("Connected");
  await page.keyboard.press("Enter");
  await terminal.expectRow("tick-40");
  await expect(terminal.screen.locator("> div").filter({ hasText: /^typed-while-away\s*$/ })).toHaveCount(1);
  await page.keyboard.press("Control+d");
  await terminal.expectRow("rows-2");
  link.close();
});

test("a line that falls silent is told, and the terminal goes on when it speaks again", async ({ page, server }) => {
  const { link, terminal } = await openOverALine(server, page, "silent");
  await terminal.type("echo before-$((1+1))");
  await terminal.expectRow("before-2");
  link.freeze();
  await expect(terminal.region).toContainText("Reconnecting", { timeout: NOTICED });
  link.thaw();
  await expect(terminal.region).toContainText("Connected", { timeout: NOTICED });
  await terminal.type("echo after-$((1+2))");
  await terminal.expectRow("after-3");
  link.close();
});

test("a tab that nobody looked at shows what came meanwhile", async ({ page, server }) => {
  const { link, terminal } = await openOverALine(server, page, "hidden");
  await terminal.type("for i in $(seq 1 30); do echo tick-$i; sleep 0.1; done; echo all-$((1+1))");
  await terminal.expectRow("tick-3");
  const look = (away: boolean): Promise<void> =>
    page.evaluate((away) => {
      Object.defineProperty(document, "hidden", { configurable: true, get: () => away });
      Object.defineProperty(document, "visibilityState", { configurable: true, get: () => (away ? "hidden" : "visible") });
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    }, away);
  await look(true);
  link.cut();
  link.mend();
  await look(false);
  await terminal.expectRow("all-2");
  for (const tick of [1, 15, 30]) await expect(terminal.screen.locator("> div").filter({ hasText: new RegExp(`^tick-${tick}\\s*$`) })).toHaveCount(1);
  link.close();
});
