// What an agent prints may be a link: to a web page, in a tab that cannot reach back. Nothing else is one.

import type { Page } from "@playwright/test";
import { Dashboard, type Terminal } from "../fixtures/dashboard.ts";
import { running } from "../fixtures/running.ts";
import { expect, test } from "../fixtures/test.ts";

const PRINTED = "https://pages.example/printed?x=1";
const NAMED = "http://pages.example/named";

/** Words that are no link to a web page, each with what it leads to. */
const OTHERS = {
  script: "javascript:window.injected=1",
  data: "data:text/html,<script>opener.injected=1</script>",
  file: "file:///etc/passwd",
  transfer: "ftp://pages.example/x",
  mail: "mailto:somebody@pages.example",
  unfinished: "https://",
};

/** The middle of a word on the screen. */
async function place(terminal: Terminal, word: string): Promise<{ x: number; y: number }> {
  const row = terminal.screen.locator("> div").filter({ hasText: new RegExp(`^${word.replace(/[.?+/]/g, "\\$&")}`) }).first();
  await expect(row).toBeVisible();
  return row.evaluate((row, length) => {
    const walker = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    range.setStart(row, 0);
    let rest = length;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const here = node.textContent?.length ?? 0;
      if (rest <= here) {
        range.setEnd(node, rest);
        break;
      }
      rest -= here;
    }
    const { left, top, width, height } = range.getBoundingClientRect();
    return { x: left + width / 2, y: top + height / 2 };
  }, word.length);
}

async function click(page: Page, terminal: Terminal, word: string): Promise<void> {
  const { x, y } = await place(terminal, word);
  // xterm learns from movements what the pointer is over.
  await page.mouse.move(x - 1, y);
  await page.mouse.move(x, y);
  await page.mouse.click(x, y);
}

test("links to web pages open in a new tab that knows nothing of this one; nothing else opens", async ({ page, context, server }) => {
  const { agent, put } = await running(server, page, "printer");
  const asked: { url: string; referer: string | undefined }[] = [];
  await context.route(/^https?:\/\/pages\.example\//, async (route) => {
    asked.push({ url: route.request().url(), referer: (await route.request().allHeaders())["referer"] });
    await route.fulfill({ contentType: "text/html", body: "<title>Elsewhere</title>" });
  });
  const titled = (word: string, address: string): string => `\x1b]8;;${address}\x1b\\${word}\x1b]8;;\x1b\\\r\n`;
  const others = Object.entries(OTHERS).map(([word, address]) => titled(word, address) + `plain-${word} ${address}\r\n`);
  put("links", `\x1b7\x1b[10;1H${PRINTED}\r\n${titled("named", NAMED)}${others.join("")}\x1b8`);
  // The page's policy of openers cuts tabs off as well; the terminal is not to count on that.
  await page.addInitScript(() => {
    const openings: unknown[] = [];
    Object.assign(window, { openings });
    const open = window.open.bind(window);
    window.open = (...how) => {
      openings.push(how);
      return open(...how);
    };
  });
  await page.goto(`/agent-terminal/${agent}`);
  const { terminal } = new Dashboard(page);
  // Past tmux, which lets no links with titles through before its version 3.4.
  await terminal.type("clear; cat links >$(tmux list-clients -F '#{client_tty}'); echo all-$((1+1))");
  await terminal.expectRow("all-2");
  await terminal.expectRow(/^plain-unfinished/);
  page.on("dialog", (dialog) => {
    throw new Error(`the page asks: ${dialog.message()}`);
  });
  const before = page.url();

  for (const word of Object.keys(OTHERS)) await click(page, terminal, word);
  for (const [word, target] of [[PRINTED, PRINTED], ["named", NAMED]] as const) {
    const opened = context.waitForEvent("page");
    await click(page, terminal, word);
    const tab = await opened;
    await tab.waitForLoadState();
    expect(tab.url()).toBe(target);
    expect(await tab.evaluate(() => window.opener as unknown)).toBeNull();
    await tab.close();
    await page.bringToFront();
  }
  // Clicks are heard in their order: what the first ones might have opened would be there by now.
  expect(context.pages()).toEqual([page]);
  expect(asked).toEqual([{ url: PRINTED, referer: undefined }, { url: NAMED, referer: undefined }]);
  const openings = await page.evaluate(() => (window as unknown as { openings: unknown[] }).openings);
  expect(openings).toEqual([PRINTED, NAMED].map((url) => [url, "_blank", "noopener,noreferrer"]));
  expect(page.url()).toBe(before);
  expect(await page.evaluate(() => "injected" in window)).toBe(false);
  await terminal.type("echo goes-on-$((1+1))");
  await terminal.expectRow(/^goes-on-2/);
});

test("a word that is a link is drawn as one under the pointer", async ({ page, server }) => {
  const { agent, put } = await running(server, page, "printer");
  put("links", `\x1b[H\x1b[2J${PRINTED}\nnot-a-link\n`);
  await page.goto(`/agent-terminal/${agent}`);
  const { terminal } = new Dashboard(page);
  await terminal.type("cat links; echo all-$((1+1))");
  await terminal.expectRow("all-2");
  const pointed = terminal.region.locator(".xterm-cursor-pointer");
  const over = async (word: string): Promise<void> => {
    const { x, y } = await place(terminal, word);
    await page.mouse.move(x - 1, y);
    await page.mouse.move(x, y);
  };
  await over(PRINTED);
  await expect(pointed).toHaveCount(1);
  await over("not-a-link");
  await expect(pointed).toHaveCount(0);
});
