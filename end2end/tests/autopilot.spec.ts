// A real Claude Code on autopilot, with a scripted model: it takes a task, reports, asks, gets the answer that a person clicked
// in the browser, commits on the task's own branch and finishes. Nothing leaves this machine.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Api } from "../fixtures/api.ts";
import { interactive } from "../fixtures/interactive.ts";
import { ScriptedModel } from "../fixtures/model.ts";
import { claudeCode, outside } from "../fixtures/outside.ts";
import { paint, painter, TIMELINE } from "../fixtures/painter.ts";
import type { AiWorker } from "../fixtures/server.ts";
import { expect, test } from "../fixtures/test.ts";
import { until } from "../fixtures/until.ts";
import { tokenOf } from "../fixtures/worker.ts";

/** How long one step of the agent may take. */
const STEP_DEADLINE = 60_000;

test.use({ options: async ({}, use) => use({ AIWORKER_AGENT_READ_ONLY: outside() }) });

test("Claude Code takes a task, asks, is answered, commits and finishes", async ({ page, context, server, picture }) => {
  const model = await ScriptedModel.start(paint);
  try {
    const api = await Api.register(server, "ada");
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
    noSecretLeft(server, agent);
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

/** The token is in its own file and nowhere else among the agent's files. */
function noSecretLeft(server: AiWorker, agent: string): void {
  const folder = join(server.data, "agents", agent);
  const token = tokenOf(server, agent);
  expect(token.length).toBeGreaterThan(20);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const holding = files.map((file) => join(file.parentPath, file.name)).filter((path) => contains(path, token));
  expect(holding).toEqual([join(folder, "run/secrets/token")]);
}

/** Whether a file holds a text. One that is gone by now, as Claude Code's own notes are at its end, holds nothing. */
function contains(path: string, text: string): boolean {
  try {
    return readFileSync(path).includes(text);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

function git(folder: string, ...args: string[]): string {
  return execFileSync("git", ["-c", "safe.directory=*", "-C", folder, ...args], { encoding: "utf8" }).trim();
}
