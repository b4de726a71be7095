// Agents outlive the server: after a crash the next one finds them as they are.

import { Api } from "../fixtures/api.ts";
import { Dashboard } from "../fixtures/dashboard.ts";
import { expect, test } from "../fixtures/test.ts";

/** A counter that tells one start from another by where it is. */
const COUNTER = "i=0; while :; do i=$((i+1)); echo tick $i; read -rt 0.2 <> <(:) || :; done";

test("a killed server adopts its agents; what they do goes on", async ({ page, context, server, browserConsole }) => {
  browserConsole.expect(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|WebSocket connection/);
  const api = await Api.register(server, "ada");
  const agent = await api.launch(await api.project("Engine"), { name: "counter", start_command: "" });
  await api.reach("idle", agent);
  const atFirst = server.processes(agent);

  await context.addCookies(await api.cookies());
  await page.goto(`/agent-terminal/${agent}`);
  const terminal = new Dashboard(page).terminal;
  await terminal.type(COUNTER);
  await terminal.expectRow(/^tick [5-9]$/);
  // Not those that only helped at its start, nor those of this viewer, which end with the server that looks.
  const now = server.processes(agent);
  const running = atFirst.filter((pid) => now.includes(pid));
  expect(running.length).toBeGreaterThan(0);

  await server.kill();
  // The terminal says so instead of going blank.
  await expect(terminal.region).toContainText(/reconnect|connection|lost|trying/i);
  await expect(terminal.screen).toContainText("tick");
  const before = lastTick(await terminal.screen.innerText());
  await server.start();

  await api.reach("idle", agent);
  await expect(async () => {
    expect(lastTick(await terminal.screen.innerText())).toBeGreaterThan(before + 5);
  }).toPass({ timeout: 60_000 });
  expect(running.filter((pid) => !server.processes(agent).includes(pid)), "the same processes go on").toEqual([]);
  await api.delete(agent);
  await api.gone();
});

function lastTick(screen: string): number {
  return Math.max(...[...screen.matchAll(/tick (\d+)/g)].map(([, count]) => Number(count)));
}
