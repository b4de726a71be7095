// After a whole flow the database and all logs are searched for every password, token and key that was used in it.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Api, PASSWORD } from "../fixtures/api.ts";
import { filesBelow, foundIn } from "../fixtures/secrets.ts";
import { expect, test } from "../fixtures/test.ts";
import { until } from "../fixtures/until.ts";
import { call, tokenOf } from "../fixtures/worker.ts";

/** How long one step of the agent may take. */
const STEP_DEADLINE = 60_000;
const MODEL_KEY = "sk-ant-canary-5b1c0f7e2d94";
const GIT_TOKEN = "ghp_canary_81e0a7c3f5d2";

test.use({ options: { AIWORKER_LOG: "trace" } });

test("no secret of a whole flow is in the database, a log or an argument", async ({ server }, testInfo) => {
  const api = await Api.register(server, "ada");
  const [session] = await api.cookies();
  const made = async (path: string, data: unknown): Promise<Record<string, any>> => {
    const answer = await api.send("POST", path, data);
    expect(answer.status(), path).toBe(201);
    return ((await answer.json()) as { data: Record<string, any> }).data;
  };
  const personal = String((await made("/api/tokens", { name: "script" }))["secret"]);
  await made("/api/credentials", { kind: "model_key", secret: MODEL_KEY });
  await made("/api/credentials", { kind: "git_token", secret: GIT_TOKEN });
  const byToken = await fetch(`${server.url}/api/auth/me`, { headers: { authorization: `Bearer ${personal}` } });
  expect(byToken.status).toBe(200);

  const project = await api.project("Paint");
  const task = await api.task(project, "Paint the fence");
  const start_command = "echo blue > colour.txt && git add colour.txt && git commit -qm Paint";
  const agent = await api.launch(project, { name: "painter", mode: "autopilot", start_command });
  await until("the task is in review", STEP_DEADLINE, async () => (await api.read(`/api/tasks/${task}`))["state"] === "in_review");
  const asked = await call(server, agent, "ask_user_question", { questions: [{ question: "Which colour?" }], wait_seconds: 0 });
  const answered = await api.send("POST", `/api/questions/${asked["question_id"]}/answer`, { answers: [{ text: "Blue" }] });
  expect(answered.status()).toBe(200);
  for (const wrong of [`${PASSWORD} not`, ""]) {
    await api.send("POST", "/api/auth/login", { username: "ada", password: wrong });
  }

  const folder = join(server.data, "agents", agent);
  const held = (path: string): string => readFileSync(join(server.data, path), "utf8").trim();
  const secrets: Record<string, string> = {
    password: PASSWORD,
    session: session?.value ?? "",
    "personal token": personal,
    "agent token": tokenOf(server, agent),
    "model key": MODEL_KEY,
    "git token": GIT_TOKEN,
    "signing key": held("signing.key"),
    "credential key": held("credentials.keys"),
    "terminal password": held(`agents/${agent}/run/terminal-password`),
  };
  const processes = [server.pid, ...server.processes()].map((pid) => `/proc/${pid}/cmdline`).filter(existsSync);
  expect(processes.length, "an agent runs").toBeGreaterThan(2);
  // ttyd learns its own password from its arguments alone. It opens a socket that only the server can reach.
  const { "terminal password": _, ...unsaid } = secrets;
  expect(foundIn(processes, unsaid), "in the arguments of a process").toEqual([]);

  await server.stop();
  const log = testInfo.outputPath("server.log");
  expect(readFileSync(log, "utf8"), "the log was on").toContain("TRACE");
  // Where they belong: the installation's keys, and what the agent was handed.
  const home = [join(server.data, "signing.key"), join(server.data, "credentials.keys"), join(folder, "run/terminal-password")];
  const handed = join(folder, "run/secrets/");
  const files = filesBelow(server.data).filter((path) => !home.includes(path) && !path.startsWith(handed));
  const database = readdirSync(server.data).filter((name) => /\.db/.test(name));
  expect(files.filter((path) => database.some((name) => path.endsWith(name))).length).toBe(database.length);
  expect(foundIn([log, ...files], secrets), "on the disk").toEqual([]);
  // The search itself finds what is there.
  expect(foundIn(home, secrets).length).toBeGreaterThanOrEqual(home.length);
});
