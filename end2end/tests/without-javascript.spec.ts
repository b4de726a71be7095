// Before the WASM arrives, and where it never does, forms and links work.

import type { Locator } from "@playwright/test";
import { Api, PASSWORD } from "../fixtures/api.ts";
import { expect, test } from "../fixtures/test.ts";
import { until } from "../fixtures/until.ts";
import { call } from "../fixtures/worker.ts";

/** How long a question may take to be there. */
const QUESTION_DEADLINE = 20_000;

test.use({ javaScriptEnabled: false });

test.beforeEach(({ browserConsole }) => browserConsole.expect(/preloaded using link preload but not used/));

test("an account and a project are made by plain forms", async ({ page }) => {
  await page.goto("/register");
  await page.getByLabel("Username").fill("ada");
  await page.getByLabel("Password").first().fill(PASSWORD);
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page).toHaveURL(/\/(projects|agents)/);

  await page.goto("/projects");
  await page.getByRole("button", { name: "New project" }).first().click();
  const dialog = page.getByRole("dialog", { name: "New project" });
  await dialog.getByLabel("Project name").fill("By hand");
  await dialog.locator('button[type="submit"]').last().click();
  await page.goto("/projects");
  await expect(page.getByRole("table", { name: "Projects" })).toContainText("By hand");
});

test("a wrong password is explained on the page", async ({ page, server }) => {
  await Api.register(server, "ada");
  await page.goto("/login");
  await page.getByLabel("Username").fill("nobody");
  await page.getByLabel("Password").first().fill("not a password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText(/password/i).first()).toBeVisible();
  await expect(page.getByRole("alert").first()).toBeVisible();
});

test("an agent is stopped, started and deleted by plain buttons", async ({ page, context, server }) => {
  const api = await Api.register(server, "ada");
  const agent = await api.launch(await api.project("Engine"), { name: "steam" });
  await api.reach("idle", agent);
  await context.addCookies(await api.cookies());
  const press = async (name: string): Promise<void> => {
    await page.goto("/agents");
    await page.getByRole("table", { name: "Agents" }).getByRole("button", { name }).click();
  };

  await press("Stop");
  await api.reach("stopped", agent);
  await press("Start");
  await api.reach("idle", agent);
  await press("Open terminal");
  await expect(page).toHaveURL(new RegExp(`/agent-terminal/${agent}`));
  await press("Delete");
  await page.getByRole("dialog", { name: "Delete" }).getByRole("button", { name: "Delete" }).click();
  await api.gone();
});

test("a person signs in, looks at everything, and signs out", async ({ page, server }) => {
  const api = await Api.register(server, "ada");
  const project = await api.project("Engine");
  const task = await api.task(project, "Oil the gears");
  const agent = await api.launch(project, { name: "steam" });
  await api.reach("idle", agent);
  await page.goto(`/tasks/${task}`);
  await page.getByLabel("Username").fill("ada");
  await page.getByLabel("Password").first().fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page, "back to where one wanted to go").toHaveURL(`/tasks/${task}`);
  await expect(page.getByRole("heading", { name: "Oil the gears" })).toBeVisible();
  const follow = (name: string): Promise<void> => page.getByRole("navigation", { name: "Main" }).getByRole("link", { name }).click();
  await follow("Projects");
  await page.getByRole("table", { name: "Projects" }).getByRole("link", { name: "Engine" }).click();
  await expect(page.getByRole("region", { name: /^Backlog/ })).toContainText("Oil the gears");
  await follow("Agents");
  await page.getByRole("table", { name: "Agents" }).getByRole("link", { name: "steam" }).click();
  await expect(page.getByRole("main")).toContainText(/idle/i);
  await follow("Questions");
  await expect(page.getByRole("heading", { name: "No open questions" })).toBeVisible();
  await follow("Settings");
  await expect(page.getByRole("table", { name: "Sessions" })).toContainText("This browser");
  await page.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  await page.goto("/projects");
  await expect(page).toHaveURL(/login/);
});

test("a project and a task are made, changed and moved, and the task is deleted", async ({ page, context, server }) => {
  const api = await Api.register(server, "ada");
  const project = await api.project("Engine");
  await api.task(project, "Buy oil");
  await context.addCookies(await api.cookies());
  const open = async (button: string): Promise<Locator> => {
    await page.getByRole("main").getByRole("button", { name: button, exact: true }).first().click();
    return page.getByRole("dialog", { name: button });
  };
  const send = (dialog: Locator): Promise<void> => dialog.locator('button[type="submit"]').last().click();

  await page.goto(`/projects/${project}`);
  const made = await open("New task");
  await send(made);
  await expect(made.getByLabel("Title"), "what is wrong is said at its field").toHaveAccessibleDescription(/.+/);
  await page.goto(`/projects/${project}`);
  await open("New task");
  await made.getByLabel("Title").fill("Oil the gears");
  await made.getByRole("textbox", { name: "Description" }).fill("**All** of them");
  await made.getByLabel("Priority").selectOption("High");
  await made.getByText("Depends on").click();
  await made.getByLabel("Buy oil").check();
  await send(made);
  await expect(page).toHaveURL(`/projects/${project}`);
  const card = page.getByRole("region", { name: /^Backlog/ }).getByRole("listitem").filter({ hasText: "Oil the gears" });
  await expect(card).toContainText("High");
  await expect(card).toContainText("Waits for 1 task");

  await card.getByRole("link", { name: "Oil the gears" }).click();
  await expect(page.locator("strong", { hasText: "All" })).toBeVisible();
  const changed = await open("Edit");
  await expect(changed.getByRole("textbox", { name: "Description" })).toHaveValue("**All** of them");
  await changed.getByLabel("Title").fill("Grease the gears");
  await changed.getByLabel("Priority").selectOption("Urgent");
  await changed.getByLabel("Buy oil").uncheck();
  await send(changed);
  await expect(page.getByRole("heading", { name: "Grease the gears" })).toBeVisible();
  const facts = page.getByRole("complementary", { name: "Facts" });
  await expect(facts).toContainText("Urgent");
  await expect(facts).not.toContainText("Buy oil");
  await facts.getByRole("button", { name: "In progress" }).click();
  await expect(facts.locator("dd").first()).toHaveText("In progress");

  await page.goto(`/projects/${project}`);
  const other = await open("Edit project");
  await expect(other.getByLabel("Project name")).toHaveValue("Engine");
  await other.getByLabel("Project name").fill("Difference");
  await send(other);
  await expect(page.getByRole("heading", { name: "Difference" })).toBeVisible();

  await page.getByRole("link", { name: "Grease the gears" }).click();
  await open("Delete");
  await page.getByRole("dialog", { name: "Delete" }).getByRole("button", { name: "Close" }).click();
  await expect(page.getByRole("dialog", { name: "Delete" })).toBeHidden();
  await send(await open("Delete"));
  await expect(page).toHaveURL(`/projects/${project}`);
  await expect(page.getByText("Buy oil")).toBeVisible();
  await expect(page.getByText("Grease the gears")).toHaveCount(0);
});

test("a project is deleted", async ({ page, context, server }) => {
  const api = await Api.register(server, "ada");
  for (const name of ["Engine", "Difference"]) await api.project(name);
  await context.addCookies(await api.cookies());
  await page.goto("/projects");
  const table = page.getByRole("table", { name: "Projects" });
  await table.getByRole("row").filter({ hasText: "Engine" }).getByRole("button", { name: "Delete" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete" });
  await expect(dialog).toContainText("Delete Engine?");
  await dialog.getByRole("button", { name: "Delete" }).click();
  await expect(table).not.toContainText("Engine");
  await expect(table).toContainText("Difference");
});

test("an agent is launched, and what it asks is answered", async ({ page, context, server }) => {
  const api = await Api.register(server, "ada");
  const project = await api.project("Engine");
  await context.addCookies(await api.cookies());
  await page.goto("/agents");
  const dialog = page.getByRole("dialog", { name: "Launch agent" });
  await page.getByRole("button", { name: "Launch agent" }).first().click();
  await expect(dialog.getByLabel("Agent name"), "a name is proposed").not.toHaveValue("");
  await dialog.getByLabel("Agent name").fill("Otter!");
  await dialog.locator('button[type="submit"]').last().click();
  await expect(dialog.getByLabel("Agent name"), "what is wrong is said at its field").toHaveAccessibleDescription(/lower-case|letters/i);
  await page.goto("/agents");
  await page.getByRole("button", { name: "Launch agent" }).first().click();
  await dialog.getByLabel("Agent name").fill("otter");
  await dialog.locator('button[type="submit"]').last().click();
  await expect(page.getByRole("table", { name: "Agents" })).toContainText("otter");
  const [agent] = await api.agents();
  expect((await api.read(`/api/agents/${agent?.id}`))["project_id"]).toBe(project);
  await api.reach("idle", agent?.id ?? "");

  const waiting = call(server, agent?.id ?? "", "ask_user_question", {
    questions: [{ question: "Shall I?", options: [{ label: "Yes" }, { label: "No" }], allow_text: true }],
  });
  await until("the question is asked", QUESTION_DEADLINE, async () => (await api.read("/api/questions"))["length"] === 1);
  await page.goto("/questions");
  await page.getByRole("article").getByRole("button", { name: "Yes" }).click();
  expect(await waiting).toMatchObject({ status: "answered", answers: [{ selected: ["Yes"] }] });
  await page.goto("/questions");
  await expect(page.getByRole("heading", { name: "No open questions" })).toBeVisible();
});

test("in the settings the password, the theme and a credential are changed", async ({ page, context, server }) => {
  const api = await Api.register(server, "ada");
  await context.addCookies(await api.cookies());
  await page.goto("/settings");
  const theme = page.getByRole("main").getByRole("group", { name: "Theme" });
  await theme.getByRole("button", { name: "Dark" }).click();
  await page.goto("/settings");
  await expect(theme.getByRole("button", { name: "Dark" })).toHaveAttribute("aria-pressed", "true");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");

  const credentials = page.getByRole("region", { name: "Credentials for agents" });
  await credentials.getByLabel("Secret").fill("sk-ant-canary-5f1e");
  await credentials.getByRole("button", { name: "Keep" }).click();
  await expect(credentials.getByRole("listitem")).toContainText("ends in 5f1e");
  await credentials.getByRole("button", { name: "Forget" }).click();
  await expect(credentials.getByRole("listitem")).toHaveCount(0);

  expect((await api.send("POST", "/api/tokens", { name: "script" })).status()).toBe(201);
  await page.goto("/settings");
  await page.getByRole("table", { name: "Tokens" }).getByRole("button", { name: "Revoke" }).click();
  await expect(page.getByRole("table", { name: "Tokens" })).toHaveCount(0);

  await page.getByLabel("Current password").fill("not the password");
  await page.getByLabel("New password").fill("another long password");
  await page.getByRole("button", { name: "Change password" }).click();
  await expect(page.getByText("This is not your current password.")).toBeVisible();
  await page.goto("/settings");
  await page.getByLabel("Current password").fill(PASSWORD);
  await page.getByLabel("New password").fill("another long password");
  await page.getByRole("button", { name: "Change password" }).click();
  await page.goto("/settings");
  await expect(page.getByRole("heading", { name: "Settings" }), "this browser stays").toBeVisible();
});
