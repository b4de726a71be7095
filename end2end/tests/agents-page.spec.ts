// The agents' pages: what a person types wrongly, agents that cannot start, hosts without a sandbox, and a server that goes away.

import { Api } from "../fixtures/api.ts";
import { Dashboard } from "../fixtures/dashboard.ts";
import { interactive } from "../fixtures/interactive.ts";
import { expect, test } from "../fixtures/test.ts";

test("a bad name is refused in the browser, at its field, before anything is sent", async ({ page, context, server }) => {
  const api = await Api.register(server, "ada");
  await api.project("Engine");
  await context.addCookies(await api.cookies());
  await page.goto("/agents");
  await interactive(page);
  let sent = 0;
  page.on("request", (request) => (sent += request.url().endsWith("/_fn/agents/launch") ? 1 : 0));
  const dialog = await new Dashboard(page).open("Launch agent");
  const name = dialog.getByLabel("Agent name");
  await name.fill("Otter!");
  await dialog.locator('button[type="submit"]').last().click();
  await expect(name).toHaveAttribute("aria-invalid", "true");
  await expect(name).toHaveAccessibleDescription(/lower-case|letters/i);
  expect(sent).toBe(0);
  await name.fill("otter");
  await dialog.locator('button[type="submit"]').last().click();
  await expect(dialog).toBeHidden();
  expect(sent).toBe(1);
});

test.describe("where ttyd is missing", () => {
  test.use({ options: { AIWORKER_TTYD: "/nonexistent/ttyd" } });

  test("an agent fails, and its row and page say why and what to do", async ({ page, context, server, picture }) => {
    const api = await Api.register(server, "ada");
    const agent = await api.launch(await api.project("Engine"), { name: "mute" });
    await context.addCookies(await api.cookies());
    await page.goto("/agents");
    await new Dashboard(page).expectPhase("mute", "failed");
    await expect(new Dashboard(page).agent("mute")).toContainText(/ttyd|doctor/);
    await picture(page, "agent-failed-row");
    await page.goto(`/agents/${agent}`);
    await expect(page.getByRole("main")).toContainText(/ttyd|doctor/);
    await picture(page, "agent-failed-page");
  });
});

test.describe("where the operator chose the limits of agents", () => {
  test.use({ options: { AIWORKER_MEMORY_LIMIT_MIB: "2048", AIWORKER_PROCESS_LIMIT: "300" } });

  test("a launch proposes them, and one that says nothing takes them", async ({ page, context, server, picture }) => {
    const api = await Api.register(server, "ada");
    const project = await api.project("Engine");
    await context.addCookies(await api.cookies());
    await page.goto("/agents");
    await interactive(page);
    const dialog = await new Dashboard(page).open("Launch agent");
    await dialog.getByText("Advanced").click();
    await expect(dialog.getByLabel("Memory (MiB)")).toHaveValue("2048");
    await expect(dialog.getByLabel("Processes")).toHaveValue("300");
    await dialog.getByLabel("Processes").fill("100");
    await dialog.getByLabel("Agent name").fill("typed");
    await dialog.locator('button[type="submit"]').last().click();
    await expect(dialog).toBeHidden();
    await api.launch(project, { name: "silent" });
    const limits = (await api.agents()).map(({ name, limits }) => [name, limits]);
    expect(Object.fromEntries(limits)).toEqual({
      typed: { memory_mib: 2048, processes: 100 },
      silent: { memory_mib: 2048, processes: 300 },
    });
    await page.goto("/settings");
    const runtime = page.getByRole("region", { name: "Runtime" });
    await expect(runtime).toContainText("2048 MiB unless a launch says otherwise");
    await runtime.scrollIntoViewIfNeeded();
    await picture(page, "runtime");
    await page.emulateMedia({ colorScheme: "dark" });
    await page.setViewportSize({ width: 390, height: 844 });
    await runtime.scrollIntoViewIfNeeded();
    await picture(page, "runtime-dark-phone");
  });
});

test.describe("where there is no bubblewrap", () => {
  test.use({ options: { AIWORKER_BWRAP: "/nonexistent/bwrap", AIWORKER_REGISTRATION: "open" } });

  test("every page says so, and only the first user may launch", async ({ page, context, server, picture }) => {
    const first = await Api.register(server, "ada");
    await context.addCookies(await first.cookies());
    await page.goto("/agents");
    await expect(page.getByRole("note")).toContainText("Agents run without a sandbox.");
    await picture(page, "unsandboxed");
    const second = await Api.register(server, "bob");
    const answer = await second.send("POST", "/api/agents/launch", { project_id: await second.project("Engine") });
    expect(answer.status()).toBe(403);
    expect(await answer.text()).toMatch(/sandbox/);
  });
});

test("pages that lost the server say so, and show what happened meanwhile without being loaded again", async ({ page, context, server, browserConsole }) => {
  browserConsole.expect(/ERR_|Failed to fetch|net::|Failed to load resource/);
  const api = await Api.register(server, "ada");
  const agent = await api.launch(await api.project("Engine"), { name: "otter" });
  await api.reach("idle", agent);
  await context.addCookies(await api.cookies());
  const detail = await context.newPage();
  for (const [one, path] of [[page, "/agents"], [detail, `/agents/${agent}`]] as const) {
    await one.goto(path);
    await interactive(one);
    await one.evaluate(() => Object.assign(window, { sameVisit: true }));
  }
  await server.stop();
  await expect(page.getByText("Live updates paused")).toBeVisible({ timeout: 20_000 });
  await server.start();
  await api.send("POST", `/api/agents/${agent}/stop`);
  await api.reach("stopped", agent);
  await new Dashboard(page).expectPhase("otter", "stopped");
  await expect(detail.getByRole("main").getByText(/^stopped$/i).first()).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText("Live updates paused")).toBeHidden();
  for (const one of [page, detail]) expect(await one.evaluate(() => "sameVisit" in window), "not loaded again").toBe(true);
});

test.describe("with more agents than anybody reads", () => {
  // None of them starts: what counts are rows.
  test.use({ options: { AIWORKER_AGENTS_PER_USER: "300", AIWORKER_TTYD: "/nonexistent/ttyd" } });

  test("the newest have a row at once, all are counted, and the others are one press away", async ({ page, context, server, picture, browserConsole }) => {
    const api = await Api.register(server, "ada");
    const project = await api.project("Crowd");
    const oldest = await api.launch(project, { name: "agent-1" });
    for (let number = 2; number <= 203; number++) await api.launch(project, { name: `agent-${number}` });
    await context.addCookies(await api.cookies());

    const plain = async (path: string): Promise<string> => (await page.request.get(path)).text();
    const first = await plain("/agents");
    expect(first.match(/>agent-\d+</g)).toHaveLength(100);
    expect(first, "a way on without JavaScript").toContain('href="/agents?rows=200"');
    expect((await plain("/agents?rows=300")).match(/>agent-\d+</g)).toHaveLength(203);

    await page.goto("/agents");
    const rows = page.getByRole("table", { name: "Agents" }).locator("tbody tr");
    await expect(rows).toHaveCount(100);
    await expect(rows.first()).toContainText("agent-203");
    await interactive(page);
    await expect(page.getByRole("group", { name: "Show" }).getByRole("button", { name: /^All/ })).toHaveText(/203/);
    await expect(page.getByRole("status").filter({ hasText: "newest" })).toHaveText("The newest 100 of 203.");
    await page.getByRole("link", { name: "Show 100 more" }).scrollIntoViewIfNeeded();
    await picture(page, "agents-more");

    await test.step("a new one comes on top, live", async () => {
      await api.launch(project, { name: "late" });
      await expect(rows.first()).toContainText("late");
      await expect(rows).toHaveCount(100);
      await expect(page.getByRole("status").filter({ hasText: "newest" })).toHaveText("The newest 100 of 204.");
    });

    await test.step("one press shows the others", async () => {
      await page.getByRole("link", { name: "Show 100 more" }).click();
      await expect(rows).toHaveCount(200);
      await expect(rows.nth(100).getByRole("link").first(), "the keyboard goes on there").toBeFocused();
      await page.getByRole("link", { name: "Show 4 more" }).click();
      await expect(rows).toHaveCount(204);
      await expect(rows.last().getByRole("link", { name: "agent-1", exact: true })).toBeVisible();
      await expect(page.getByRole("link", { name: /^Show/ })).toHaveCount(0);
      await expect(page.getByRole("status").filter({ hasText: "shown" })).toHaveText("All are shown.");
      await expect(page, "the page stays").toHaveURL("/agents");
    });

    await test.step("a filter finds those without a row, too", async () => {
      await api.send("POST", `/api/agents/${oldest}/stop`);
      await api.reach("stopped", oldest);
      await page.reload();
      await interactive(page);
      await page.getByRole("group", { name: "Show" }).getByRole("button", { name: /^Stopped/ }).click();
      await expect(rows).toHaveCount(1);
      await expect(rows.getByRole("link", { name: "agent-1", exact: true })).toBeVisible();
      await expect(page.getByRole("link", { name: /^Show/ })).toHaveCount(0);
    });

    await test.step("when the others cannot be read, that is said and can be tried again", async () => {
      browserConsole.expect(/Failed to load resource/);
      await page.route("**/_fn/agents/list", (route) => route.abort());
      await page.reload();
      const told = page.getByRole("status").filter({ hasText: "older agents" });
      await expect(told).toHaveText("The older agents could not be read.");
      // Who asks for others has them read again, too, in vain.
      const again = page.waitForEvent("requestfailed", (request) => request.url().endsWith("/_fn/agents/list"));
      await page.getByRole("group", { name: "Show" }).getByRole("button", { name: /^Stopped/ }).click();
      await again;
      await expect(told).toHaveText("The older agents could not be read.");
      await expect(page.getByText("None of your agents"), "nothing is said of those that are not here").toHaveCount(0);
      await page.unroute("**/_fn/agents/list");
      await page.getByRole("link", { name: "Try again" }).click();
      await expect(rows).toHaveCount(1);
      await expect(told).toHaveCount(0);
    });
  });
});
