// Gives sources the modification times that the same sources had when something was last compiled in the shared target folder, in
// whichever clone: `align-times.mjs RECORD FOLDER…`. What was compiled of them then is fresh now. What differs from then counts as
// changed just now. The record is a file beside what is compiled.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, renameSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [record, ...folders] = process.argv.slice(2);
const before = existsSync(record) ? JSON.parse(readFileSync(record, "utf8")) : {};
const now = Date.now() / 1000;
const after = {};
for (const folder of folders) align(folder);
// In one step, and last: whoever is ended before has changed nothing but times.
writeFileSync(`${record}.new`, JSON.stringify(after));
renameSync(`${record}.new`, record);

/** Cargo goes by the times of folders, too, where a build script names one: a folder is the names in it. */
function align(path) {
  const names = statSync(path).isDirectory() && readdirSync(path).filter((name) => name !== "node_modules").sort();
  for (const name of names || []) align(join(path, name));
  const hash = createHash("sha256").update(names ? names.join("\n") : readFileSync(path)).digest("hex");
  const time = before[path]?.hash === hash ? before[path].time : now;
  utimesSync(path, time, time);
  after[path] = { hash, time };
}
