// The terminal in trouble and in daily use: a server that goes away, an agent that stops, two viewers, a full page.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Api } from "../fixtures/api.ts";
import { Dashboard, Terminal } from "../fixtures/dashboard.ts";
import { expect, test } from "../fixtures/test.ts";

/** Waits in the agent until there is a file of this name in its workspace. */
const AWAIT_SIGN = "until [ -e sign ]; do read -rt 0.1 <> <(:); done";

test("while the server is away a banner says so, and the screen comes back", async ({ page, context, server, browserConsole }) => {
  browserConsole.expect(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|WebSocket connection/);
  const api = await Api.register(server, "ada");
  const agent = await api.launch(await api.project("Engine"), { name: "steam" });
  await api.reach("idle", agent);
  await context.addCookies(await api.cookies());
  await page.goto(`/agent-terminal/${agent}`);
  const terminal = new Dashboard(page).terminal;
  await terminal.type(`echo first-$((1+1)); ${AWAIT_SIGN}; echo back-$((4+4))`);
  await terminal.expectRow("first-2");

  await server.stop();
  await expect(terminal.region).toContainText(/reconnect|connection|lost|trying/i);
  await expect(terminal.screen, "the last screen stays readable").toContainText("first-2");

  await server.start();
  await expect(terminal.region).toContainText("Connected");
  await terminal.expectRow("first-2");
  // What the agent prints now has come over the new connection: the screen is no longer the old one.
  writeFileSync(join(server.data, "agents", agent, "workspace", "sign"), "");
  await terminal.expectRow("back-8");
  await terminal.type("echo second-$((1+2))");
  await terminal.expectRow("second-3");
});

test("two viewers of one agent see the same screen", async ({ page, context, server }) => {
  const api = await Api.register(server, "ada");
  const agent = await api.launch(await api.project("Engine"), { name: "shared" });
  await api.reach("idle", agent);
  await context.addCookies(await api.cookies());
  const other = await context.newPage();
  await page.goto(`/agent-terminal/${agent}`);
  await other.goto(`/agent-terminal/${agent}`);
  const theirs = new Terminal(other, other.getByRole("region", { name: "Terminal" }));
  await theirs.expectRow(/[$#]\s*$/);
  await page.bringToFront();
  await new Dashboard(page).terminal.type("echo both-$((20+1))");
  await theirs.expectRow("both-21");
});

test("an agent that is stopped gets a clear last word", async ({ page, context, server }) => {
  const api = await Api.register(server, "ada");
  const agent = await api.launch(await api.project("Engine"), { name: "brief" });
  await api.reach("idle", agent);
  await context.addCookies(await api.cookies());
  await page.goto(`/agent-terminal/${agent}`);
  const terminal = new Dashboard(page).terminal;
  await terminal.expectRow(/[$#]\s*$/);
  expect((await api.send("POST", `/api/agents/${agent}/stop`)).ok()).toBe(true);
  await expect(terminal.region).toContainText(/stopped/i);
});
