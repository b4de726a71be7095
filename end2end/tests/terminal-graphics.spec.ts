// Terminals drawn by a graphics card, and what happens when the browser takes that away.

import type { Locator, Page } from "@playwright/test";
import { Api } from "../fixtures/api.ts";
import { Dashboard } from "../fixtures/dashboard.ts";
import { contextsOf, loseContexts, test } from "../fixtures/graphics-card.ts";
import { running } from "../fixtures/running.ts";
import { expect } from "../fixtures/test.ts";

/** Terminals of one page that the card draws at most. */
const CONTEXTS_MAX = 4;
/** What tells the agent of another size, as docs/terminal-protocol.md has it. */
const RESIZE = 0x02;

const canvasOf = (region: Locator): Locator => region.locator(".xterm-screen canvas").first();

/** What is left over beside and below what is drawn, in pixels. */
const leftOver = (page: Page): Promise<{ aside: number; below: number }> =>
  page.evaluate(() => {
    const drawn = document.querySelector(".xterm-screen")?.getBoundingClientRect();
    const host = document.querySelector(".terminal__screen")?.getBoundingClientRect();
    if (!drawn || !host) throw new Error("there is no terminal");
    return { aside: host.right - drawn.right, below: host.bottom - drawn.bottom };
  });

/** Waits until the terminal takes its place. Less than two cells, the page's 8 pixels and the 14 of the scroll bar are left over. */
async function expectFit(page: Page): Promise<void> {
  const fits = async (): Promise<boolean> => {
    const { aside, below } = await leftOver(page);
    return aside >= 0 && aside < 2 * 8 + 22 && below >= 0 && below < 26;
  };
  await expect.poll(fits, { message: "the terminal takes its place" }).toBe(true);
}

test("a lost graphics context gives way to text, at once", async ({ page, server }) => {
  const { agent } = await running(server, page, "card");
  let sizes = 0;
  page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => (sizes += payload[0] === RESIZE ? 1 : 0)));
  await page.goto(`/agent-terminal/${agent}`);
  const { terminal } = new Dashboard(page);
  await expect(canvasOf(terminal.region), "WebGL draws").toBeAttached();
  // Its cells have whole pixels, those of text have not.
  await expectFit(page);
  await terminal.region.locator("textarea").focus();
  await page.keyboard.type("echo drawn-$((1+6))\n");
  expect(sizes, "it was measured once, with the cells that it has").toBe(0);
  // xterm would wait for three seconds with nothing drawn, and warn in the console: that fails this test.
  await loseContexts(page, "drawn-7");
  await expectFit(page);
  expect(sizes, "the agent is told of the size of text").toBeGreaterThan(0);
  await terminal.type("echo after-$((1+7))");
  await terminal.expectRow("after-8");
  expect(await contextsOf(page)).toBe(0);
});

test("what is typed while the renderer is on its way arrives", async ({ page, server }) => {
  const { agent } = await running(server, page, "card");
  // It never comes, and is not waited for for long.
  await page.route(/graphics\.mjs$/, () => new Promise(() => undefined));
  await page.goto(`/agent-terminal/${agent}`);
  const { terminal } = new Dashboard(page);
  const field = terminal.region.locator("textarea");
  await field.waitFor({ state: "attached" });
  await field.focus();
  await page.keyboard.type("echo early-$((1+1))\n");
  await terminal.expectRow("early-2");
});

test("a wall takes few graphics contexts, and the rest is text", async ({ page, server }) => {
  const api = await Api.register(server, "ada");
  const project = await api.project("Engine");
  const names = ["tile-1", "tile-2", "tile-3", "tile-4", "tile-5", "tile-6"];
  for (const name of names) await api.reach("idle", await api.launch(project, { name, start_command: "" }));
  await page.context().addCookies(await api.cookies());
  await page.setViewportSize({ width: 1600, height: 1000 });
  await page.goto("/wall");
  const tile = (name: string): Locator => page.getByRole("article", { name, exact: true }).getByRole("region", { name: "Terminal" });
  for (const name of names) await expect(tile(name)).toContainText("Connected");
  await expect.poll(() => contextsOf(page)).toBe(CONTEXTS_MAX);
  await expect(page.locator(".xterm-rows"), "the others are text").toHaveCount(names.length - CONTEXTS_MAX);
});

test("a terminal that is closed gives its graphics context back", async ({ page, server }) => {
  await running(server, page, "card");
  await page.goto("/agents");
  for (let time = 0; time <= CONTEXTS_MAX; time++) {
    await page.getByRole("row", { name: /card/ }).getByRole("button", { name: "Open terminal" }).click();
    const dialog = page.getByRole("dialog", { name: "Open terminal" });
    await expect(canvasOf(dialog), "WebGL draws").toBeAttached();
    expect(await contextsOf(page)).toBe(1);
    await dialog.getByRole("button", { name: /close/i }).click();
    await expect(dialog).toBeHidden();
    await expect.poll(() => contextsOf(page), { message: "it is given back" }).toBe(0);
  }
});
