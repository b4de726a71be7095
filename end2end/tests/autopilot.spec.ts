// A real Claude Code on autopilot, with a scripted model: it takes a task, reports, asks, gets the answer that a person clicked
// in the browser, commits on the task's own branch and finishes. Nothing leaves this machine.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Api, PASSWORD } from "../fixtures/api.ts";
import { Dashboard } from "../fixtures/dashboard.ts";
import { interactive } from "../fixtures/interactive.ts";
import { ScriptedModel } from "../fixtures/model.ts";
import { claudeCode, outside } from "../fixtures/outside.ts";
import { MODEL_KEY, paint, painter, TIMELINE } from "../fixtures/painter.ts";
import { filesBelow, foundIn } from "../fixtures/secrets.ts";
import type { AiWorker } from "../fixtures/server.ts";
import { expect, test } from "../fixtures/test.ts";
import { until } from "../fixtures/until.ts";
import { tokenOf } from "../fixtures/worker.ts";

/** How long one step of the agent may take. */
const STEP_DEADLINE = 60_000;

test.use({ options: async ({}, use) => use({ AIWORKER_AGENT_READ_ONLY: outside(), AIWORKER_LOG: "debug" }) });

test("Claude Code takes a task, asks, is answered, commits and finishes", async ({ page, context, server, picture }, testInfo) => {
  const model = await ScriptedModel.start(paint);
  try {
    const api = await Api.register(server, "ada");
    expect((await api.send("POST", "/api/credentials", { kind: "model_key", secret: MODEL_KEY })).status()).toBe(201);
    const project = await api.project("Paint");
    const task = await api.task(project, "Paint the fence");
    const start_command = painter(claudeCode(), model.url);
    const agent = await api.launch(project, { name: "painter", mode: "autopilot", start_command });

    await context.addCookies(await api.cookies());
    await page.goto("/questions");
    await interactive(page);
    const asked = page.getByRole("article").filter({ hasText: "Which colour?" });
    await expect(asked).toContainText("painter asks about Paint the fence", { timeout: STEP_DEADLINE });
    expect((await api.read(`/api/tasks/${task}`))["state"]).toBe("needs_input");
    await asked.getByRole("button", { name: "Blue" }).click();

    let done: Record<string, any> = {};
    await until("the task is in review", STEP_DEADLINE, async () => {
      done = await api.read(`/api/tasks/${task}`);
      return done["state"] === "in_review";
    });
    const workspace = join(server.data, "agents", agent, "workspace");
    const branch = String(done["result"].branch);
    expect(branch).toContain(task);
    const log = git(workspace, "log", "--format=%H %s", "-1", branch);
    expect(log).toBe(`${done["result"].commit} Paint it Blue`);
    expect(git(workspace, "show", `${branch}:colour.txt`)).toBe("Blue");

    await page.goto(`/projects/${project}`);
    await page.getByRole("region", { name: /^In review/ }).getByRole("link", { name: "Paint the fence" }).click();
    const timeline = page.getByRole("region", { name: "Timeline" });
    for (const words of TIMELINE) {
      await expect(timeline.getByText(words).first()).toBeVisible();
    }
    await picture(page, "autopilot-done");
    noSecretLeft(server, agent, testInfo.outputPath("server.log"));
  } finally {
    await model.stop();
  }
});

test("`claude mcp list` inside an agent says that AiWorker is connected", async ({ server }) => {
  const api = await Api.register(server, "ada");
  const start_command = `${claudeCode()} mcp list > mcp-list.txt 2>&1; mv mcp-list.txt mcp-list.done`;
  const agent = await api.launch(await api.project("Engine"), { name: "lister", start_command });
  const report = join(server.data, "agents", agent, "workspace/mcp-list.done");
  let text = "";
  await until("claude has listed its servers", STEP_DEADLINE, () => {
    try {
      text = readFileSync(report, "utf8");
    } catch {
      return false;
    }
    return true;
  });
  expect(text).toMatch(/aiworker: .*\/mcp \(HTTP\) - .*Connected/);
});

test("Claude Code in an agent's terminal begins at once, without the questions of a first run", async ({ page, context, server, picture }) => {
  const model = await ScriptedModel.start(() => ({ type: "text", text: "The fence is dry." }));
  try {
    const api = await Api.register(server, "ada");
    expect((await api.send("POST", "/api/credentials", { kind: "model_key", secret: MODEL_KEY })).status()).toBe(201);
    const agent = await api.launch(await api.project("Paint"), { name: "talker", start_command: "" });
    await api.reach("idle", agent);
    await context.addCookies(await api.cookies());
    await page.goto(`/agent-terminal/${agent}`);
    const { terminal } = new Dashboard(page);
    await terminal.type(`ANTHROPIC_BASE_URL=${model.url} DISABLE_AUTOUPDATER=1 CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 ${claudeCode()}`);
    // Its prompt; a question about colours, an account, a key or trust would stand there instead.
    await terminal.expectRow(/^\s*[>❯]\s/);
    await picture(page, "claude-at-the-prompt");
    await page.keyboard.type("Is it dry?");
    await expect(terminal.screen).toContainText("Is it dry?");
    await page.keyboard.press("Enter");
    await terminal.expectRow("The fence is dry.");
  } finally {
    await model.stop();
  }
});

/** The token is in its own file and nowhere else: not among the agent's files, not in the database, not in the log. */
function noSecretLeft(server: AiWorker, agent: string, log: string): void {
  const token = tokenOf(server, agent);
  expect(token.length).toBeGreaterThan(20);
  const found = foundIn([log, ...filesBelow(server.data)], { token, "model key": MODEL_KEY, password: PASSWORD });
  const handed = join(server.data, "agents", agent, "run/secrets");
  expect(found.sort()).toEqual([`model key in ${join(handed, "model-key")}`, `token in ${join(handed, "token")}`]);
}

function git(folder: string, ...args: string[]): string {
  return execFileSync("git", ["-c", "safe.directory=*", "-C", folder, ...args], { encoding: "utf8" }).trim();
}
