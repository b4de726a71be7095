// Terminals drawn by a graphics card: how soon there is text when the browser takes it away, and how many contexts are taken.

import { Dashboard } from "../fixtures/dashboard.ts";
import { contextsOf, loseContexts, test } from "../fixtures/graphics-card.ts";
import { running } from "../fixtures/running.ts";
import { expect } from "../fixtures/test.ts";
import { format, median, record } from "./record.ts";

const LOSSES = 8;
const OPENINGS = 50;

test("a lost graphics context", async ({ page, server }) => {
  const { agent } = await running(server, page, "card");
  const { terminal } = new Dashboard(page);
  const took: number[] = [];
  for (let loss = 0; loss < LOSSES; loss++) {
    await page.goto(`/agent-terminal/${agent}`);
    await expect(terminal.region.locator(".xterm-screen canvas").first()).toBeAttached();
    await terminal.region.locator("textarea").focus();
    await page.keyboard.type(`clear; echo drawn-$((${loss}+10))\n`);
    await expect(terminal.region).toContainText("Connected");
    took.push(await loseContexts(page, `drawn-${loss + 10}`));
  }
  record({
    what: "Terminal: from a lost graphics context to its text, most",
    value: Math.max(...took),
    unit: "ms",
    detail: `p50 ${format(median(took))} ms, ${LOSSES} times, the echo of a line among it`,
    limit: { most: 500 },
  });
});

test("graphics contexts of terminals that are opened and closed", async ({ page, server }) => {
  await running(server, page, "card");
  await page.goto("/agents");
  let most = 0;
  for (let time = 0; time < OPENINGS; time++) {
    await page.getByRole("row", { name: /card/ }).getByRole("button", { name: "Open terminal" }).click();
    const dialog = page.getByRole("dialog", { name: "Open terminal" });
    await expect(dialog.locator(".xterm-screen canvas").first()).toBeAttached();
    most = Math.max(most, await contextsOf(page));
    await dialog.getByRole("button", { name: /close/i }).click();
    await expect(dialog).toBeHidden();
  }
  record({
    what: `Terminal: graphics contexts at once, of ${OPENINGS} that are opened and closed, most`,
    value: most,
    unit: "",
    detail: "six on one wall take four, which is a test",
    limit: { most: 4 },
  });
});
