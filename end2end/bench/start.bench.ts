// How long the process takes from its start to its first answer on an existing database, and what it keeps in memory then.

import { setTimeout as pause } from "node:timers/promises";
import { residentMegabytes } from "../fixtures/processes.ts";
import { Api } from "../fixtures/api.ts";
import { test } from "../fixtures/test.ts";
import { median, record, spread } from "./record.ts";

const RUNS = 15;
/** How long a server is left alone before its memory is read. */
const SETTLE = 5_000;

test("start and idle memory", async ({ server, page, context }) => {
  await Api.register(server, "ada");
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    await server.stop();
    const started = performance.now();
    await server.start();
    times.push(performance.now() - started);
  }
  record({
    what: "Process start to first answered request, existing database",
    value: median(times),
    unit: "ms",
    detail: spread(times, "ms"),
    limit: { most: 500 },
  });

  const api = await Api.login(server, "ada");
  await api.project("Engine");
  await context.addCookies(await api.cookies());
  for (const path of ["/projects", "/agents", "/settings"]) await page.goto(path);
  await page.close();
  await pause(SETTLE);
  const memory = residentMegabytes(server.pid);
  record({ what: "Resident memory, idle after use", value: memory, unit: "MB", detail: "VmRSS, 5 s after the last page", limit: { most: 60 } });
});
