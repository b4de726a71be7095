// Pages whose code is a file of its own: fetched on the way there, and done without where it cannot be had.

import { Api } from "../fixtures/api.ts";
import { Dashboard } from "../fixtures/dashboard.ts";
import { interactive } from "../fixtures/interactive.ts";
import { expect, test } from "../fixtures/test.ts";

/** The files that the pages' own code is in. */
const PARTS = /\/pkg\/(split|chunk)_[^/]+\.wasm$/;
/** The files that only terminals need: xterm with its addons, and the code that joins it to the page. */
const OF_TERMINALS = /\/assets\/xterm\/(?!lazy\.mjs)|\/pkg\/split_terminal/;

let api: Api;

test.beforeEach(async ({ server, context }) => {
  api = await Api.register(server, "ada");
  await context.addCookies(await api.cookies());
});

test("the code of a page comes when somebody goes there", async ({ page }) => {
  const fetched: string[] = [];
  page.on("request", (request) => PARTS.test(request.url()) && fetched.push(request.url()));
  await page.goto("/agents");
  await expect(page.locator("html")).toHaveAttribute("data-interactive");
  expect(fetched).toEqual([]);
  await new Dashboard(page).goTo("Settings");
  await expect(page.getByRole("heading", { name: "Personal tokens" })).toBeVisible();
  expect(fetched.length).toBeGreaterThan(0);
});

test("where the code of the next page cannot be fetched, the browser goes there by itself", async ({ page, browserConsole }) => {
  browserConsole.expect(/Failed to fetch|ERR_FAILED|preload/);
  await page.goto("/agents");
  await expect(page.locator("html")).toHaveAttribute("data-interactive");
  await page.route(PARTS, (route) => route.abort());
  const loaded = page.waitForEvent("load");
  await new Dashboard(page).goTo("Settings");
  await loaded;
  // Its own code cannot be had either: it is what the server sent.
  await expect(page.getByRole("heading", { name: "Personal tokens" })).toBeVisible();
  await expect(page.locator("html")).not.toHaveAttribute("data-interactive");
  await page.unroute(PARTS);
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-interactive");
});

test("pages without a terminal fetch nothing of it; opening one fetches each of its files once", async ({ page }) => {
  const project = await api.project("Engine");
  const task = await api.task(project, "Oil the gears");
  const agent = await api.launch(project, { name: "steam" });
  await api.reach("idle", agent);
  const fetched: string[] = [];
  page.on("request", (request) => OF_TERMINALS.test(request.url()) && fetched.push(new URL(request.url()).pathname));
  for (const path of ["/projects", `/projects/${project}`, `/tasks/${task}`, "/questions", "/settings", `/agents/${agent}`, "/agents"]) {
    await page.goto(path);
    await interactive(page);
    await page.waitForLoadState("load");
    expect(fetched, path).toEqual([]);
  }

  const dashboard = new Dashboard(page);
  await dashboard.press("steam", "Open terminal");
  await dashboard.terminal.expectRow(/[$#]\s*$/);
  for (const part of [/\/terminal\.mjs$/, /\/split_terminal[^/]*\.wasm$/]) {
    expect(fetched.filter((path) => part.test(path)), `${part}`).toHaveLength(1);
  }
  expect(fetched.filter((path) => /graphics/.test(path)), "nothing that needs a graphics card").toEqual([]);
  const first = fetched.length;
  const dialog = page.getByRole("dialog", { name: "Open terminal" });
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect(dialog).toBeHidden();
  await dashboard.press("steam", "Open terminal");
  await dashboard.terminal.expectRow(/[$#]\s*$/);
  expect(fetched, "the second time it is there").toHaveLength(first);
});
