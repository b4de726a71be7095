// What a first visit costs, counted by the browser as it comes over the wire: the dashboard, and then a terminal on top.

import type { Page } from "@playwright/test";
import { Api } from "../fixtures/api.ts";
import { Dashboard } from "../fixtures/dashboard.ts";
import { test } from "../fixtures/test.ts";
import { record } from "./record.ts";

test("sizes of a first visit", async ({ server, page, context }) => {
  const api = await Api.register(server, "ada");
  const agent = await api.launch(await api.project("Engine"), { name: "first" });
  await api.reach("idle", agent);
  await context.addCookies(await api.cookies());

  const bytes = await countBytes(page);
  await page.goto("/agents");
  await page.getByRole("table", { name: "Agents" }).waitFor();
  await page.waitForLoadState("load");
  // The WASM is there when a click is answered by the browser alone.
  await page.getByRole("button", { name: "Launch agent" }).first().click();
  await page.getByRole("dialog").waitFor();
  const dashboard = bytes();
  record({ what: "First visit without the terminal, compressed", value: dashboard.total / 1000, unit: "kB", detail: dashboard.parts, limit: { most: 450 } });

  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Open terminal" }).first().click();
  await new Dashboard(page).terminal.expectRow(/[$#]\s*$/);
  const terminal = bytes();
  record({
    what: "The terminal on top of it, compressed",
    value: (terminal.total - dashboard.total) / 1000,
    unit: "kB",
    detail: terminal.parts,
    limit: { most: 150 },
  });
});

/** Counts what arrives from now on, by kind. */
async function countBytes(page: Page): Promise<() => { total: number; parts: string }> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Network.enable");
  const kinds = new Map<string, string>();
  const sums = new Map<string, number>();
  devtools.on("Network.responseReceived", ({ requestId, response }) => kinds.set(requestId, response.mimeType));
  devtools.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const kind = kinds.get(requestId)?.replace(/^.*\//, "") ?? "other";
    sums.set(kind, (sums.get(kind) ?? 0) + encodedDataLength);
  });
  return () => ({
    total: [...sums.values()].reduce((sum, size) => sum + size, 0),
    parts: [...sums].map(([kind, size]) => `${kind} ${Math.round(size / 1000)} kB`).join(", "),
  });
}
