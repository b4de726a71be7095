// An agent's terminal that the server cannot reach for a while, though the agent runs: the page says so instead of "Connected".

import { join } from "node:path";
import { Dashboard } from "../fixtures/dashboard.ts";
import { MockTtyd } from "../fixtures/mock-ttyd.ts";
import { running } from "../fixtures/running.ts";
import { expect, test } from "../fixtures/test.ts";

test("while an agent's terminal does not answer the page says so, and what is typed waits for it", async ({ page, server, picture }) => {
  const { agent } = await running(server, page, "silent");
  await page.goto(`/agent-terminal/${agent}`);
  const { terminal } = new Dashboard(page);
  await terminal.type("echo before-$((1+1))");
  await terminal.expectRow("before-2");
  const status = terminal.region.getByRole("status").first();
  await expect(status).toHaveText("Connected");

  // Another size has the server attach anew, and nobody lets it in.
  const ttyd = await MockTtyd.instead(join(server.data, "agents", agent, "run", "ttyd.sock"));
  ttyd.isDeaf = true;
  await page.setViewportSize({ width: 1000, height: 600 });
  await expect(status).toHaveText("Waiting");
  await expect(terminal.region).toContainText("The agent's terminal does not answer. What you type waits for it.");
  await picture(page, "terminal-waiting");
  await page.emulateMedia({ colorScheme: "dark" });
  await picture(page, "terminal-waiting-dark");
  await page.keyboard.type("echo typed-$((2+3))");
  await page.keyboard.press("Enter");
  ttyd.close();
  await expect(status).toHaveText("Connected");
  await terminal.expectRow("typed-5");
  await expect(terminal.region).not.toContainText("does not answer");
});
