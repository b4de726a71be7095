// A terminal whose person is away: without a network, in another tab, or with the computer asleep. The program goes on meanwhile. When
// they are back, the page shows what tmux shows, no line is there twice or missing, and every line that was typed arrived once.

import type { Page } from "@playwright/test";
import { openOverALine } from "../fixtures/on-a-line.ts";
import { Reporter } from "../fixtures/reporter.ts";
import { expect, test } from "../fixtures/tabs.ts";

/** Lines that the program prints meanwhile. */
const MEANWHILE = 60;
/** Lines that are more than may be under way to a page and wait for it. */
const BEYOND = 8000;
/** How soon a connection is back when the network is, in ms. */
const BACK = 2000;
/** A dead line is noticed within this time while somebody looks, in ms: a ping each 5 s, 5 s for its answer. */
const NOTICED = 12_000;
/** A terminal that is left is let go within this time, in ms. */
const LET_GO = 5000;

test.beforeEach(({ browserConsole }) => browserConsole.expect(/ERR_|WebSocket connection|Failed to fetch|net::/));

const looks = (page: Page): Promise<string> => page.evaluate(() => document.visibilityState);

/** Puts another tab in front of the page. */
async function inFrontOf(page: Page): Promise<Page> {
  const other = await page.context().newPage();
  await expect.poll(() => looks(page)).toBe("hidden");
  return other;
}

async function comeBackTo(page: Page): Promise<void> {
  await page.bringToFront();
  await expect.poll(() => looks(page)).toBe("visible");
}

test("a page without a network comes back as soon as there is one", async ({ page, context, server }) => {
  // Every pause is as long as it can be.
  await page.addInitScript(() => (Math.random = () => 0.999));
  const place = await openOverALine(server, page, "offline");
  const { link, terminal } = place;
  const reporter = await Reporter.start(server, page, place);
  await reporter.type("before");
  await context.setOffline(true);
  // The browser's own switch lets connections be that are there already.
  link.cut();
  await expect(terminal.region).toContainText("Reconnecting");
  await reporter.type("just away");
  await expect(terminal.region, "by itself it would try again much later").toContainText(/Reconnecting in 1\d s/, { timeout: 40_000 });
  await page.keyboard.type("too late to be wanted\n");
  await expect(terminal.region).toContainText("What you type now is not sent.");
  link.mend();
  await context.setOffline(false);
  await expect(terminal.region).toContainText("Connected", { timeout: BACK });
  await reporter.type("after");
  await reporter.agrees();
  link.close();
});

test("a hidden tab goes on, over the same connection", async ({ page, server }) => {
  const place = await openOverALine(server, page, "hidden");
  const reporter = await Reporter.start(server, page, place);
  let sockets = 0;
  page.on("websocket", () => (sockets += 1));
  const other = await inFrontOf(page);
  await reporter.printed(MEANWHILE);
  await comeBackTo(page);
  await reporter.type("after");
  await reporter.agrees();
  expect(sockets, "new connections").toBe(0);
  await other.close();
  place.link.close();
});

for (const [what, meanwhile] of Object.entries({
  "prints a little": (reporter: Reporter) => reporter.printed(MEANWHILE),
  "prints more than is held": (reporter: Reporter) => reporter.hurry(BEYOND),
})) {
  test(`a frozen tab thaws when the program ${what}`, async ({ page, context, server }) => {
    const place = await openOverALine(server, page, "frozen");
    const reporter = await Reporter.start(server, page, place);
    await reporter.type("before");
    const other = await inFrontOf(page);
    const lifecycle = await context.newCDPSession(page);
    await lifecycle.send("Page.setWebLifecycleState", { state: "frozen" });
    await meanwhile(reporter);
    await lifecycle.send("Page.setWebLifecycleState", { state: "active" });
    await comeBackTo(page);
    await expect(place.terminal.region).toContainText("Connected");
    await reporter.type("after");
    await reporter.agrees();
    await other.close();
    place.link.close();
  });
}

// As it thaws a tab, Chromium closes its socket with the code of a page that is left, and only then tells the page.
test("what is typed into a tab as it thaws arrives", async ({ page, context, server }) => {
  const place = await openOverALine(server, page, "thawing");
  const reporter = await Reporter.start(server, page, place);
  await reporter.type("before");
  await inFrontOf(page);
  const lifecycle = await context.newCDPSession(page);
  await lifecycle.send("Page.setWebLifecycleState", { state: "frozen" });
  await reporter.printed(MEANWHILE);
  await lifecycle.send("Page.setWebLifecycleState", { state: "active" });
  await comeBackTo(page);
  await reporter.type("after");
  await reporter.agrees();
});

test("a page that is left lets go of the terminal at once, and has it again when it is back", async ({ page, server }) => {
  const place = await openOverALine(server, page, "left");
  const reporter = await Reporter.start(server, page, place);
  await reporter.type("before");
  await page.goto("about:blank");
  // A connection that is merely lost is kept for a minute.
  await expect.poll(() => reporter.attached(), { timeout: LET_GO }).toBe(0);
  await page.goBack();
  await expect(place.terminal.region).toContainText("Connected");
  await reporter.type("after");
  await place.terminal.expectRow("got<after>");
  expect(await reporter.attached()).toBe(1);
  place.link.close();
});

const mornings = {
  "and the line is as it was": () => undefined,
  "and the line is cut": ({ link }: Place) => {
    link.cut();
    link.mend();
  },
  "and the line is dead without a word": ({ link }: Place) => link.lose(),
};
type Place = Awaited<ReturnType<typeof openOverALine>>;

for (const [what, happen] of Object.entries(mornings)) {
  test(`a computer wakes up ${what}`, async ({ page, machine, server }) => {
    const place = await openOverALine(server, page, "asleep");
    const reporter = await Reporter.start(server, page, place);
    await reporter.type("before");
    await machine.suspend();
    await reporter.printed(MEANWHILE);
    happen(place);
    await reporter.printed(MEANWHILE);
    machine.wake();
    await reporter.type("after");
    await expect(place.terminal.region).toContainText("Connected", { timeout: NOTICED });
    await reporter.agrees();
    place.link.close();
  });
}

// tmux drops what it has for a terminal that is behind, at eight bytes a cell, and paints the screen anew.
test("a computer that slept while much was printed has all of it", async ({ page, machine, server }) => {
  const place = await openOverALine(server, page, "asleep");
  const reporter = await Reporter.start(server, page, place);
  await machine.suspend();
  await reporter.hurry(BEYOND);
  machine.wake();
  await reporter.type("after");
  await reporter.agrees();
  place.link.close();
});

test.describe("longer than the terminal is kept", () => {
  test.use({ options: { AIWORKER_TERMINAL_KEEP: "1" } });

  test("a computer sleeps, and finds the terminal again", async ({ page, machine, server }) => {
    const place = await openOverALine(server, page, "long");
    const reporter = await Reporter.start(server, page, place);
    await reporter.type("before");
    await place.terminal.expectRow("got<before>");
    await machine.suspend();
    place.link.cut();
    place.link.mend();
    await expect.poll(() => reporter.attached(), { message: "the server lets the terminal go" }).toBe(0);
    await reporter.printed(MEANWHILE);
    machine.wake();
    await expect(place.terminal.region).toContainText("Connected");
    await expect.poll(() => reporter.attached()).toBe(1);
    await reporter.type("after");
    await reporter.agrees();
    place.link.close();
  });
});
