// Gives the sources of this clone the modification times that the same sources have in another one: `align-times.mjs OTHER FOLDER…`.
// Whatever the other clone compiled of them counts as fresh here, too. What differs, or is only here, counts as changed just now.

import { existsSync, readFileSync, readdirSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";

const [other, ...folders] = process.argv.slice(2);
const now = new Date();
for (const folder of folders) align(folder);

/** Cargo goes by the times of folders, too, where a build script names one. */
function align(path) {
  const entries = statSync(path).isDirectory() ? namesIn(path) : undefined;
  for (const name of entries ?? []) align(join(path, name));
  const theirs = join(other, path);
  const isSame = existsSync(theirs) && (entries ? same(entries, theirs) : statSync(theirs).isFile() && readFileSync(path).equals(readFileSync(theirs)));
  const time = isSame ? statSync(theirs).mtime : now;
  utimesSync(path, time, time);
}

function same(entries, folder) {
  return statSync(folder).isDirectory() && JSON.stringify(entries) === JSON.stringify(namesIn(folder));
}

/** But for what npm fetches, where time is told by nobody. */
function namesIn(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.isSymbolicLink() && !entry.name !== "node_modules")
    .map((entry) => entry.name)
    .sort();
}
