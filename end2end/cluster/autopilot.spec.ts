// A real Claude Code on autopilot in a real pod of the real image, with a scripted model: the program `aiworker` in the image sets it
// up, hands it a task, and the tools reach the server from the cluster's network. Nothing leaves this machine.

import { Api } from "../fixtures/api.ts";
import { POD_DEADLINE, expect, test } from "../fixtures/cluster-test.ts";
import { interactive } from "../fixtures/interactive.ts";
import { ScriptedModel } from "../fixtures/model.ts";
import { MODEL_KEY, paint, painter, TIMELINE } from "../fixtures/painter.ts";
import { freePort } from "../fixtures/server.ts";
import { until } from "../fixtures/until.ts";

/** All of it, from the launch of a pod to a task that is done. */
const WHOLE_DEADLINE = 120_000;
/** How long one step of the agent may take. */
const STEP_DEADLINE = 90_000;
/** This machine, as pods reach it. With a cluster that was given, nobody but its owner knows. */
const here = process.env["AIWORKER_TEST_ADDRESS"] ?? "";

test.skip(!here, "AIWORKER_TEST_ADDRESS does not say how pods reach this machine");
test.use({
  options: async ({ cluster, dial }, use) => {
    const port = await freePort();
    await use({
      ...cluster.options(dial),
      AIWORKER_ADDR: `0.0.0.0:${port}`,
      AIWORKER_BACKEND_URL: `http://${here}:${port}`,
    });
  },
});

test("Claude Code in a pod takes a task, asks, is answered, commits and finishes", async ({ page, context, server, cluster, picture }) => {
  test.setTimeout(WHOLE_DEADLINE);
  const model = await ScriptedModel.start(paint, here);
  try {
    const api = await Api.register(server, "ada");
    api.patience = POD_DEADLINE;
    const project = await api.project("Paint");
    const task = await api.task(project, "Paint the fence");
    expect((await api.send("POST", "/api/credentials", { kind: "model_key", secret: MODEL_KEY })).status()).toBe(201);
    const start_command = painter("claude", model.url);
    const agent = await api.launch(project, { name: "painter", mode: "autopilot", start_command });

    await context.addCookies(await api.cookies());
    await page.goto("/questions");
    await interactive(page);
    const asked = page.getByRole("article").filter({ hasText: "Which colour?" });
    await expect(asked).toContainText("painter asks about Paint the fence", { timeout: POD_DEADLINE });
    expect((await api.read(`/api/tasks/${task}`))["state"]).toBe("needs_input");
    await asked.getByRole("button", { name: "Blue" }).click();

    let done: Record<string, any> = {};
    await until("the task is in review", STEP_DEADLINE, async () => {
      done = await api.read(`/api/tasks/${task}`);
      return done["state"] === "in_review";
    });
    const branch = String(done["result"].branch);
    expect(branch).toContain(task);
    const git = (...args: string[]): Promise<string> => cluster.exec(agent, "git", "-C", "/workspace", ...args);
    expect(await git("log", "--format=%H %s", "-1", branch)).toBe(`${done["result"].commit} Paint it Blue`);
    expect(await git("show", `${branch}:colour.txt`)).toBe("Blue");

    await page.goto(`/projects/${project}`);
    await page.getByRole("region", { name: /^In review/ }).getByRole("link", { name: "Paint the fence" }).click();
    const timeline = page.getByRole("region", { name: "Timeline" });
    for (const words of TIMELINE) await expect(timeline.getByText(words).first()).toBeVisible();
    await picture(page, "autopilot-in-a-pod");

    // The token is in its own file and nowhere else among the agent's files.
    const search = 'grep -rlF -- "$(cat /run/agent/secrets/token)" /workspace /home/agent /run/agent /tmp || true';
    const holding = (await cluster.exec(agent, "bash", "-c", search)).split("\n");
    expect(holding.map((path) => path.replace(/\/\.\.[^/]+\//, "/"))).toEqual(["/run/agent/secrets/token"]);

    await api.delete(agent);
    await api.gone();
    await cluster.empty();
    expect(await api.read("/api/orphans")).toEqual([]);
  } finally {
    await model.stop();
  }
});

test("what the image carries for MCP works in a pod: `claude mcp list`, and the bridge for clients without HTTP", async ({ server, cluster }) => {
  const api = await Api.register(server, "ada");
  api.patience = POD_DEADLINE;
  const agent = await api.launch(await api.project("Engine"), { name: "lister" });
  await api.reach("idle", agent);
  const inside = (script: string): Promise<string> => cluster.exec(agent, "bash", "-c", script);
  expect(await inside("claude mcp list")).toMatch(/aiworker: .*\/mcp \(HTTP\) - .*Connected/);

  const initialize = {
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } },
  };
  const lines = [initialize, { jsonrpc: "2.0", id: 2, method: "tools/list" }].map((message) => JSON.stringify(message)).join("\n");
  const answers = (await inside(`printf '%s\\n' '${lines.replaceAll("\n", "' '")}' | aiworker mcp-bridge`)).split("\n");
  const tools = answers.map((line) => JSON.parse(line)).find(({ id }) => id === 2)?.result.tools.map(({ name }: { name: string }) => name);
  expect(tools).toContain("get_next_task");
});
