// Twenty agents at once, and then none: no process, file or socket is left, and the server is as small as before.

import { readdirSync } from "node:fs";
import { Api } from "../fixtures/api.ts";
import { residentMegabytes, zombiesOf } from "../fixtures/processes.ts";
import { expect, test } from "../fixtures/test.ts";
import { until } from "../fixtures/until.ts";

const AGENTS = 20;
/** How long the last traces of all of them may take to disappear. */
const CLEAN_DEADLINE = 60_000;
/** What the server may take for the first twenty, in MB: pools, threads and the allocator's own stay. */
const FIRST_GROWTH = 12;
/** What it may take for twenty more, in MB: nothing but what the allocator has in pieces. */
const GROWTH = 3;

test("twenty agents come and go without a trace, and twenty more cost no memory", async ({ server }) => {
  test.slow();
  const api = await Api.register(server, "ada");
  const project = await api.project("Crowd");
  // The first of everything fills caches that stay.
  const first = await api.launch(project);
  await api.reach("idle", first);
  await api.delete(first);
  await api.gone();
  await until("nothing of the first is left", CLEAN_DEADLINE, () => server.processes().length === 0);
  const before = { memory: residentMegabytes(server.pid), files: entries(server.data) };

  const wave = async (): Promise<number> => {
    const agents = await Promise.all(Array.from({ length: AGENTS }, () => api.launch(project)));
    await api.reach("idle", ...agents);
    expect(new Set((await api.agents()).map(({ name }) => name)).size, "every name is different").toBe(AGENTS);

    await Promise.all(agents.map((agent) => api.delete(agent)));
    await api.gone();
    await until("no process is left", CLEAN_DEADLINE, () => server.processes().length === 0);
    await until("no file is left", CLEAN_DEADLINE, () => !entries(server.data).some((path) => agents.some((id) => path.includes(id))));
    expect(zombiesOf(server.pid)).toEqual([]);
    expect(entries(server.data).filter((path) => !before.files.includes(path) && !/\.db(-wal|-shm)?$/.test(path))).toEqual([]);
    return residentMegabytes(server.pid);
  };
  const memory = [before.memory, await wave(), await wave(), await wave()];
  console.log(`    resident after each wave: ${memory.map((megabytes) => megabytes.toFixed(1)).join(", ")} MB`);
  const [idle, once, twice, thrice] = memory as [number, number, number, number];
  expect(once).toBeLessThan(idle + FIRST_GROWTH);
  expect(Math.min(twice, thrice)).toBeLessThan(once + GROWTH);
});

function entries(folder: string): string[] {
  return readdirSync(folder, { recursive: true }).map(String).sort();
}
