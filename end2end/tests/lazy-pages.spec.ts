// Pages whose code is a file of its own: fetched on the way there, and done without where it cannot be had.

import { Api } from "../fixtures/api.ts";
import { Dashboard } from "../fixtures/dashboard.ts";
import { expect, test } from "../fixtures/test.ts";

/** The files that the pages' own code is in. */
const PARTS = /\/pkg\/(split|chunk)_[^/]+\.wasm$/;

test.beforeEach(async ({ server, context }) => {
  const api = await Api.register(server, "ada");
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
