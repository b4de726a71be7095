// What stands around a terminal: search, the whole history as a file, keys for phones; and the wall of all terminals.

import { readFileSync } from "node:fs";
import type { Page } from "@playwright/test";
import { Api } from "../fixtures/api.ts";
import { Dashboard } from "../fixtures/dashboard.ts";
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

test("the last key and the last line survive a cut", async ({ page, server, browserConsole }) => {
  browserConsole.expect(/ERR_INTERNET_DISCONNECTED|WebSocket connection|ERR_NETWORK|Failed to fetch/);
  await openTerminal(server, page, "cut");
  const terminal = new Dashboard(page).terminal;
  await terminal.type("for i in $(seq 1 60); do echo tick-$i; sleep 0.1; done; echo all-$((1+1))");
  await terminal.expectRow("tick-5");
  await page.context().setOffline(true);
  await page.evaluate(() => window.dispatchEvent(new Event("offline")));
  await page.context().setOffline(false);
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  await terminal.expectRow("all-2");
});

test("the wall shows every terminal that runs", async ({ page, server }) => {
  const { api } = await openTerminal(server, page, "left");
  const right = await api.launch(await api.project("Difference"), { name: "right" });
  await api.reach("idle", right);
  await new Dashboard(page).terminal.type("echo seen-$((40+2))");
  await page.goto("/wall");
  const tile = page.getByRole("article", { name: "left" });
  await expect(tile.getByRole("region", { name: "Terminal" }).locator(".xterm-rows")).toContainText("seen-42");
  await expect(page.getByRole("article", { name: "right" }).getByRole("region", { name: "Terminal" })).toContainText("Connected");
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

  test("there are the keys that its keyboard lacks", async ({ page, server }) => {
    await openTerminal(server, page, "phone");
    const terminal = new Dashboard(page).terminal;
    await terminal.type("sleep 100");
    const keys = page.getByRole("toolbar", { name: "Keys" });
    await keys.getByRole("button", { name: "Control C" }).click();
    await terminal.expectRow(/\^C/);
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
