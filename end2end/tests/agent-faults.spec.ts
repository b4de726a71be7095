// What befalls real agents: one is killed in the middle of a task, another's repository cannot be cloned.

import { Api } from "../fixtures/api.ts";
import { interactive } from "../fixtures/interactive.ts";
import { commandOf } from "../fixtures/processes.ts";
import { expect, test } from "../fixtures/test.ts";
import { until } from "../fixtures/until.ts";

/** How long one step of an agent may take. */
const STEP_DEADLINE = 60_000;

test("an agent that is killed in the middle of a task comes back and finishes it", async ({ server }) => {
  const api = await Api.register(server, "ada");
  const project = await api.project("Paint");
  const task = await api.task(project, "Paint the fence");
  // The first time it never ends by itself. When autopilot goes on with the task, it does.
  const start_command = '[ -n "$AIWORKER_CONTINUE" ] || exec tail -f /dev/null; echo blue > colour.txt';
  const agent = await api.launch(project, { name: "painter", mode: "autopilot", start_command });
  const now = (): Promise<Record<string, any>> => api.read(`/api/tasks/${task}`);
  await until("the agent works on it", STEP_DEADLINE, async () => (await now())["state"] === "in_progress");
  await api.reach("working", agent);
  await until("its program runs", STEP_DEADLINE, () => server.runs(agent, "tail -f /dev/null"));

  for (const pid of server.processes(agent)) end(pid);
  await until("it has finished", STEP_DEADLINE, async () => (await now())["state"] === "in_review");
  const done = await now();
  expect([done["attempts"], done["lease"]]).toEqual([0, null]);
  const told = Object.values(await api.read(`/api/tasks/${task}/timeline`)) as { kind: string }[];
  expect(told.filter(({ kind }) => kind === "task_claimed").length, "it was its task all the time").toBe(1);
  await api.reach("idle", agent);
});

test("an autopilot that is killed comes back, and nothing works beside it", async ({ server }) => {
  const api = await Api.register(server, "ada");
  const project = await api.project("Paint");
  const task = await api.task(project, "Paint the fence");
  const start_command = '[ -n "$AIWORKER_CONTINUE" ] || exec tail -f /dev/null; echo blue > colour.txt';
  const agent = await api.launch(project, { name: "painter", mode: "autopilot", start_command });
  await until("its program runs", STEP_DEADLINE, () => server.runs(agent, "tail -f /dev/null"));
  const autopilot = server.processes(agent).filter((pid) => /aiworker\S* autopilot/.test(commandOf(pid)));
  expect(autopilot.length, "one autopilot").toBe(1);
  autopilot.forEach(end);
  await until("the task is done", STEP_DEADLINE, async () => (await api.read(`/api/tasks/${task}`))["state"] === "in_review");
  expect(server.runs(agent, "tail -f /dev/null"), "what the killed one had started is gone").toBe(false);
});

test("an agent without its repository takes no task, says why, and begins once that is mended", async ({ page, context, server, picture }) => {
  const api = await Api.register(server, "ada");
  const nowhere = { name: "Paint", repository_url: "https://127.0.0.1:1/nothing.git" };
  const made = await api.send("POST", "/api/projects", nowhere);
  const project = ((await made.json()) as { data: { id: string } }).data.id;
  const task = await api.task(project, "Paint the fence");
  const agent = await api.launch(project, { name: "painter", mode: "autopilot", start_command: "echo blue > colour.txt" });
  const read = (): Promise<Record<string, any>> => api.read(`/api/agents/${agent}`);
  await until("the clone has failed", STEP_DEADLINE, async () => (await read())["reason"] === "clone_failed");

  await context.addCookies(await api.cookies());
  await page.goto(`/agents/${agent}`);
  await interactive(page);
  await expect(page.getByRole("main")).toContainText(/Clone failed/);
  await expect(page.getByRole("main")).toContainText(/127\.0\.0\.1/);
  await picture(page, "agent-clone-failed");
  await page.goto(`/agent-terminal/${agent}`);
  const screen = page.getByRole("region", { name: "Terminal" }).locator(".xterm-rows");
  await expect(screen).toContainText("There is no repository to work in");
  const left = await api.read(`/api/tasks/${task}`);
  expect([left["state"], left["attempts"], left["version"]], "nobody touched the task").toEqual(["backlog", 0, 1]);

  expect((await api.send("PATCH", `/api/projects/${project}`, { repository_url: "" })).status()).toBe(200);
  await api.send("POST", `/api/agents/${agent}/stop`);
  await api.reach("stopped", agent);
  await api.send("POST", `/api/agents/${agent}/start`);
  await until("the task is done", STEP_DEADLINE, async () => (await api.read(`/api/tasks/${task}`))["state"] === "in_review");
});

function end(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended with another one.
  }
}
