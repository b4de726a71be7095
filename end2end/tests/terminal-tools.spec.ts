// What stands around a terminal: search, the whole history as a file, keys for phones; and the wall of all terminals.

import { readFileSync } from "node:fs";
import type { Locator, Page } from "@playwright/test";
import { Api } from "../fixtures/api.ts";
import { expectAccessible } from "../fixtures/accessible.ts";
import { Dashboard } from "../fixtures/dashboard.ts";
import { HeldLine } from "../fixtures/held.ts";
import type { AiWorker } from "../fixtures/server.ts";
import { expect, test } from "../fixtures/test.ts";

async function openTerminal(server: AiWorker, page: Page, name: string): Promise<{ api: Api; agent: string }> {
  const api = await Api.register(server, "ada");
  const agent = await api.launch(await api.project("Engine"), { name });
  await api.reach("idle", agent);
  await page.context().addCookies(await api.cookies());
  await page.goto(`/agent-terminal/${agent}`);
  return { api, agent };
}

test("a text is found, and the whole history is a file", async ({ page, server }) => {
  await openTerminal(server, page, "found");
  const terminal = new Dashboard(page).terminal;
  await terminal.type("seq -f 'row-%.0f-' 1 400");
  await terminal.expectRow("row-400-");
  await terminal.region.getByText("Tools").click();
  await terminal.region.getByRole("searchbox", { name: "Find in the terminal" }).fill("row-17-");
  await terminal.region.getByRole("button", { name: "Previous" }).click();
  await terminal.expectRow("row-17-");
  const download = page.waitForEvent("download");
  await terminal.region.getByRole("link", { name: "Save the whole history" }).click();
  const text = readFileSync(await (await download).path(), "utf8");
  for (const row of [1, 200, 400]) expect(text).toContain(`row-${row}-`);
});

test("a text is found when the history that holds it has come", async ({ page, server }) => {
  const line = await HeldLine.of(page);
  await openTerminal(server, page, "late");
  const { terminal } = new Dashboard(page);
  await terminal.type("seq -f 'row-%.0f-' 1 400");
  await terminal.expectRow("row-400-");

  // The tools take room: the terminal gets another size, and its history anew.
  line.holdAfterReset();
  await terminal.region.getByText("Tools").click();
  await expect(terminal.screen).not.toContainText("row-400-");
  await terminal.region.getByRole("searchbox", { name: "Find in the terminal" }).fill("row-17-");
  await terminal.region.getByRole("button", { name: "Previous" }).click();
  await expect(terminal.region.getByText("Not found")).toBeVisible();
  line.release();
  await terminal.expectRow("row-17-");
  await expect(terminal.region.getByText("Not found")).toBeHidden();
});

test("lines that the page has no more are read beside it", async ({ page, server }) => {
  await openTerminal(server, page, "long");
  const terminal = new Dashboard(page).terminal;
  await terminal.type("seq -f 'row-%.0f-' 1 8000");
  await terminal.expectRow("row-8000-");
  await terminal.region.getByText("Tools").click();
  const reader = page.waitForEvent("popup");
  await terminal.region.getByRole("link", { name: "Read the whole history" }).click();
  const text = (await reader).locator("body");
  for (const row of [1, 2500, 8000]) await expect(text).toContainText(`row-${row}-`);
});

test("five thousand lines are scrolled back without a gap", async ({ page, server }) => {
  const LINES = 5000;
  await openTerminal(server, page, "deep");
  const { terminal } = new Dashboard(page);
  await terminal.expectRow(/[$#]\s*$/);
  await terminal.region.getByText("Tools").click();
  await terminal.type("seq 1 50000");
  await terminal.expectRow(/^50000\s*$/);
  /** How many lines up to the last one follow one another in the page. What tmux left out of the flood comes a moment later. */
  const inOrder = async (): Promise<number> => {
    const download = page.waitForEvent("download");
    await terminal.region.getByRole("button", { name: "Save what is here" }).click();
    const lines = readFileSync(await (await download).path(), "utf8").split("\n");
    const last = lines.lastIndexOf("50000");
    let count = 0;
    while (count <= last && lines[last - count] === `${50_000 - count}`) count += 1;
    return count;
  };
  await expect.poll(inOrder).toBeGreaterThanOrEqual(LINES);
});

test("the tools have names that hold what is seen on them", async ({ page, server }) => {
  await openTerminal(server, page, "named");
  const { terminal } = new Dashboard(page);
  await terminal.expectRow(/[$#]\s*$/);
  await terminal.region.getByText("Tools").click();
  await expectAccessible(page, "terminal with its tools");
});

test("the wall shows every terminal that runs, to look at", async ({ page, server, picture }) => {
  test.setTimeout(120_000);
  const { api, agent } = await openTerminal(server, page, "tile-1");
  await new Dashboard(page).terminal.type("echo seen-$((40+2)); stty size");
  await new Dashboard(page).terminal.expectRow("seen-42");
  const project = await api.project("Difference");
  const names = Array.from({ length: 7 }, (_, number) => `tile-${number + 2}`);
  for (const name of names) await api.reach("idle", await api.launch(project, { name }));
  await page.setViewportSize({ width: 1600, height: 1000 });
  await page.goto("/wall");
  const screen = (name: string): Locator => page.getByRole("article", { name, exact: true }).getByRole("region", { name: "Terminal" });
  await expect(screen("tile-1").locator(".xterm-rows")).toContainText("seen-42");
  for (const name of names) await expect(screen(name)).toContainText("Connected");
  await picture(page, "wall");

  // A tile is no place to type.
  await screen("tile-1").locator("textarea").focus();
  await page.keyboard.type("echo typed-into-a-tile\n");
  await page.goto(`/agent-terminal/${agent}`);
  const { terminal } = new Dashboard(page);
  await terminal.type("echo driven-$((1+1))");
  await terminal.expectRow("driven-2");
  await expect(terminal.screen).not.toContainText("typed-into-a-tile");
});

test("a terminal on the wall that nobody sees is not drawn", async ({ page, server }) => {
  const api = await Api.register(server, "ada");
  const project = await api.project("Engine");
  const names = ["tile-1", "tile-2", "tile-3", "tile-4"];
  const start_command = "bash -c 'while :; do echo tick-$((++tick)); read -rt 0.1 <> <(:); done'";
  for (const name of names) await api.reach("idle", await api.launch(project, { name, start_command }));
  await page.context().addCookies(await api.cookies());
  await page.setViewportSize({ width: 500, height: 400 });
  await page.goto("/wall");
  const tile = (name: string): Locator => page.getByRole("article", { name, exact: true }).getByRole("region", { name: "Terminal" });
  for (const name of names) await expect(tile(name)).toContainText("Connected");
  const tiles = await Promise.all(names.map(async (name) => ({ name, top: (await tile(name).boundingBox())?.y ?? 0 })));
  tiles.sort((one, other) => one.top - other.top);
  const [seen, unseen] = [tiles[0]?.name ?? "", tiles.at(-1)?.name ?? ""];
  await expect(tile(seen)).toBeInViewport();
  await expect(tile(unseen)).not.toBeInViewport();
  await expect(tile(seen).locator(".xterm-rows")).toContainText("tick-");

  const drawn = (name: string): Promise<number> => tile(name).evaluate((region) => (region as unknown as { drawn: number }).drawn);
  for (const name of [seen, unseen]) {
    await tile(name).evaluate((region) => {
      const counter = Object.assign(region, { drawn: 0 });
      const rows = region.querySelector(".xterm-rows") as Element;
      new MutationObserver(() => (counter.drawn += 1)).observe(rows, { subtree: true, childList: true, characterData: true });
    });
  }
  await expect.poll(() => drawn(seen), { message: "who is seen is drawn" }).toBeGreaterThan(10);
  expect(await drawn(unseen)).toBe(0);
  await tile(unseen).scrollIntoViewIfNeeded();
  await expect.poll(() => drawn(unseen), { message: "who comes into view is drawn" }).toBeGreaterThan(2);
  await expect(tile(unseen).locator(".xterm-rows")).toContainText("tick-");
});

test("a second person only watches, and both are told", async ({ page, context, server, picture }) => {
  const { agent } = await openTerminal(server, page, "shared");
  const { terminal } = new Dashboard(page);
  await terminal.type("echo size-$(stty size | tr ' ' x)");
  await terminal.expectRow(/size-\d/);
  const other = await context.newPage();
  await other.setViewportSize({ width: 700, height: 500 });
  await other.goto(`/agent-terminal/${agent}?watch`);
  const watched = new Dashboard(other).terminal;
  await watched.expectRow(/size-\d/);
  await expect(watched.region).toContainText("2 viewers · 1 only watching");
  await expect(terminal.region).toContainText("2 viewers · 1 only watching");
  await picture(other, "watching");
  await picture(page, "watched");
  await watched.region.locator("textarea").focus();
  await other.keyboard.type("echo typed-by-the-watcher\n");
  const before = (await terminal.screen.textContent()) ?? "";
  await terminal.type("clear; echo size-$(stty size | tr ' ' x)");
  await terminal.expectRow(/size-\d/);
  const size = /size-\d+x\d+/.exec(before)?.[0] ?? "none";
  await terminal.expectRow(size);
  await expect(terminal.screen).not.toContainText("typed-by-the-watcher");
  await other.getByRole("link", { name: "Type in it" }).click();
  await watched.type("echo typed-by-$((1+1))");
  await terminal.expectRow("typed-by-2");
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

  test("there are the keys that its keyboard lacks", async ({ page, server, picture }) => {
    await openTerminal(server, page, "phone");
    const terminal = new Dashboard(page).terminal;
    await terminal.type("sleep 100");
    const keys = page.getByRole("toolbar", { name: "Keys" });
    await keys.getByRole("button", { name: "Control C" }).click();
    await terminal.expectRow(/\^C/);
    // Keys as a program gets them, in hexadecimal; arrows in both of the modes that programs may choose.
    const typed = async (modes: string, names: string[]): Promise<void> => {
      await terminal.type(`clear; printf '${modes}'; stty -echo raw; printf 'go-%s\\r\\n' $((1+1)); head -c ${names.length === 4 ? 12 : 2} | xxd -p; stty echo -raw; printf '\\033[?1l\\n'`);
      await terminal.expectRow(/^go-2/);
      for (const name of names) await keys.getByRole("button", { name }).click();
    };
    await typed("", ["Escape", "Tab"]);
    await terminal.expectRow("1b09");
    await typed("\\033[?1l", ["Up", "Down", "Left", "Right"]);
    await terminal.expectRow("1b5b411b5b421b5b441b5b43");
    await typed("\\033[?1h", ["Up", "Down", "Left", "Right"]);
    await terminal.expectRow("1b4f411b4f421b4f441b4f43");
    // A key with Ctrl: the bar's own is held for the next one.
    await terminal.type("cat");
    await keys.getByRole("button", { name: "Ctrl (Control) for the next key" }).click();
    await page.keyboard.type("c");
    // And not the letter before it.
    await terminal.expectRow(/^\^C/);
    await picture(page, "keys");
  });

  test("a finger scrolls back", async ({ page, server }) => {
    await openTerminal(server, page, "finger");
    const { terminal } = new Dashboard(page);
    await terminal.type("seq -f 'row-%.0f-' 1 300");
    await terminal.expectRow("row-300-");
    const box = await terminal.screen.boundingBox();
    const cdp = await page.context().newCDPSession(page);
    const x = 100;
    const top = (box?.y ?? 0) + 40;
    const touch = (type: "touchStart" | "touchMove" | "touchEnd", y?: number): Promise<unknown> =>
      cdp.send("Input.dispatchTouchEvent", { type, touchPoints: y === undefined ? [] : [{ x, y }] });
    await touch("touchStart", top);
    for (let y = top; y <= top + 300; y += 20) await touch("touchMove", y);
    await touch("touchEnd");
    await expect(terminal.screen).not.toContainText("row-300-");
    await expect(terminal.screen).toContainText("row-27");
  });
});
