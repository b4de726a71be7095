// Two users: the other's things answer exactly like things that never were.

import { randomUUID } from "node:crypto";
import { Api } from "../fixtures/api.ts";
import { expect, test } from "../fixtures/test.ts";

test.use({ options: { AIWORKER_REGISTRATION: "open" } });

test("another user's things look like missing ones, in the API and in the pages", async ({ page, context, server, browserConsole }) => {
  browserConsole.expect(/status of 404/); // The browser notes every page that is not there.
  const [ada, eve] = [await Api.register(server, "ada"), await Api.register(server, "eve")];
  const project = await ada.project("Secret engine");
  const task = await ada.task(project, "Secret task");
  const agent = await ada.launch(project, { name: "secret-agent" });

  const addresses: [method: string, path: (id: string) => string, id: string, body?: unknown][] = [
    ["GET", (id) => `/api/projects/${id}`, project],
    ["PATCH", (id) => `/api/projects/${id}`, project, { name: "Mine" }],
    ["DELETE", (id) => `/api/projects/${id}`, project],
    ["GET", (id) => `/api/projects/${id}/tasks`, project],
    ["POST", (id) => `/api/projects/${id}/tasks`, project, { title: "Mine" }],
    ["GET", (id) => `/api/tasks/${id}`, task],
    ["PATCH", (id) => `/api/tasks/${id}`, task, { title: "Mine" }],
    ["DELETE", (id) => `/api/tasks/${id}`, task],
    ["GET", (id) => `/api/tasks/${id}/timeline`, task],
    ["GET", (id) => `/api/agents/${id}`, agent],
    ["POST", (id) => `/api/agents/${id}/stop`, agent],
    ["POST", (id) => `/api/agents/${id}/start`, agent],
    ["GET", (id) => `/api/agents/${id}/logs`, agent],
    ["GET", (id) => `/api/agents/${id}/timeline`, agent],
    ["DELETE", (id) => `/api/agents/${id}`, agent],
  ];
  for (const [method, path, id, body] of addresses) {
    const [theirs, nobodys] = [await eve.send(method, path(id), body), await eve.send(method, path(randomUUID()), body)];
    expect(theirs.status(), `${method} ${path(id)}`).toBe(404);
    expect(await theirs.text(), `${method} ${path(id)}`).toBe(await nobodys.text());
  }

  await context.addCookies(await eve.cookies());
  for (const path of [`/projects/${project}`, `/tasks/${task}`, `/agents/${agent}`, `/agent-terminal/${agent}`]) {
    await page.goto(path);
    await expect(page.locator("body"), path).not.toContainText(/secret/i);
  }
  expect((await ada.agents()).length).toBe(1);
  await ada.delete(agent);
  await ada.gone();
});

test("a page of another site changes nothing", async ({ page, server }) => {
  const api = await Api.register(server, "ada");
  const answer = await page.request.post(`${server.url}/api/projects`, {
    headers: { Origin: "http://evil.example", "Sec-Fetch-Site": "cross-site", Cookie: await cookieHeader(api) },
    data: { name: "Planted" },
  });
  expect(answer.status()).toBe(403);
  expect(await (await api.send("GET", "/api/projects")).text()).not.toContain("Planted");
});

async function cookieHeader(api: Api): Promise<string> {
  return (await api.cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
}
