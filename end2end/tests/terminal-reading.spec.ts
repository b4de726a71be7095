// What a screen reader is told of a terminal, where a person asks for that.

import type { Locator, Page } from "@playwright/test";
import { Dashboard, type Terminal } from "../fixtures/dashboard.ts";
import { HeldLine } from "../fixtures/held.ts";
import { running } from "../fixtures/running.ts";
import type { AiWorker } from "../fixtures/server.ts";
import { expect, test } from "../fixtures/test.ts";

const told = (terminal: Terminal): Locator => terminal.region.locator(".xterm-accessibility [aria-live=assertive]");

/** Opens the terminal of a new agent and asks for it to be read aloud. */
async function listen(server: AiWorker, page: Page): Promise<{ terminal: Terminal; button: Locator; put: (file: string, text: string) => void }> {
  const { agent, put } = await running(server, page, "reader");
  await page.goto(`/agent-terminal/${agent}`);
  const { terminal } = new Dashboard(page);
  await terminal.expectRow(/[$#]\s*$/);
  await terminal.region.getByText("Tools").click();
  await expect(told(terminal)).toHaveCount(0);
  const button = terminal.region.getByRole("button", { name: "Screen reader" });
  await button.click();
  await expect(button).toHaveAttribute("aria-pressed", "true");
  return { terminal, button, put };
}

test("what is printed is told, also after a reload, until nobody listens any more", async ({ page, server }) => {
  const { terminal, button } = await listen(server, page);
  await expect(terminal.region.locator("textarea"), "one types on").toBeFocused();
  await terminal.type("echo spoken-$((1+1))");
  await expect(told(terminal)).toContainText("spoken-2");
  await expect(told(terminal), "what one types oneself").not.toContainText("echo");
  const rows = terminal.region.locator(".xterm-accessibility").getByRole("listitem");
  await expect(rows.filter({ hasText: /^spoken-2/ })).toHaveCount(1);
  await page.reload();
  await terminal.type("echo again-$((1+1))");
  await expect(told(terminal)).toContainText("again-2");
  await terminal.region.getByText("Tools").click();
  await button.click();
  await expect(told(terminal)).toHaveCount(0);
  await page.reload();
  await terminal.expectRow(/[$#]\s*$/);
  await terminal.region.getByText("Tools").click();
  await expect(button).toHaveAttribute("aria-pressed", "false");
  await expect(told(terminal)).toHaveCount(0);
});

test("of what comes again when the screen starts over only what is new is told", async ({ page, server }) => {
  const line = await HeldLine.of(page);
  const { terminal, put } = await listen(server, page);
  await terminal.type("seq -f 'old-%.0f-' 1 40");
  await expect(told(terminal)).toContainText("old-1-");
  await terminal.type("until [ -e go ]; do read -rt 0.1 <> <(:); done; echo new-$((1+1))");

  line.holdAfterReset();
  await page.setViewportSize({ width: 1100, height: 700 });
  await line.holding("old-40-");
  put("go", "");
  await line.holding("new-2");
  line.release();
  await expect(told(terminal)).toContainText("new-2");
  await expect(told(terminal)).not.toContainText("old-");
  await terminal.type("echo newer-$((1+1))");
  await expect(told(terminal)).toContainText("newer-2");

  // A page that is opened says where one is, and nothing that was before.
  await page.reload();
  await expect(told(terminal)).toContainText(/[$#]/);
  await expect(told(terminal)).not.toContainText("old-");
  await terminal.type("echo newest-$((1+1))");
  await expect(told(terminal)).toContainText("newest-2");
});
