// Gives sources the modification times that the same sources had when they were last compiled in the shared target folder, in whichever
// clone, so that Cargo finds fresh what was compiled of them. What differs from then counts as changed just now.
//
//   align-times.mjs before RECORD FOLDER…   before something is compiled
//   align-times.mjs after RECORD            afterwards: what was changed meanwhile may have been compiled in either form
//
// The record lies beside what is compiled. Where nobody came to say `after`, it holds for the clone that wrote it, which has had natural
// times since, and for no other.

import { createHash } from "node:crypto";
import { existsSync, lstatSync, readFileSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [when, record, ...folders] = process.argv.slice(2);
/** Seconds by which a time may differ when it is read again. */
const PRECISION = 0.001;
const here = process.cwd();
const last = existsSync(record) ? JSON.parse(readFileSync(record, "utf8")) : { sources: {} };
const now = Date.now() / 1000;
if (when === "before") before();
else after();

function before() {
  const found = {};
  let isOlder = false;
  for (const folder of folders) walk(folder, look);
  write({ clone: here, isConfirmed: false, sources: found });
  if (isOlder) distrustOwnTarget(Object.keys(found));

  function look(path, hash, time) {
    const known = last.sources[path];
    const isSame = known?.hash === hash && (last.isConfirmed || (last.clone === here && isTime(time, known.time)));
    found[path] = { hash, time: isSame ? known.time : now };
    if (isTime(time, found[path].time)) return;
    isOlder ||= found[path].time < time;
    utimesSync(path, found[path].time, found[path].time);
  }
}

function after() {
  if (last.clone !== here) return;
  const isUntouched = ([path, { time }]) => existsSync(path) && isTime(timeOf(path), time);
  write({ ...last, isConfirmed: true, sources: Object.fromEntries(Object.entries(last.sources).filter(isUntouched)) });
}

/** Cargo goes by the times of folders, too, where a build script names one: a folder is the names in it. Links, and what an editor takes
 *  away meanwhile, are nobody's source. */
function walk(path, look) {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory()) {
    const names = readdirSync(path).filter((name) => name !== "node_modules").sort();
    for (const name of names) walk(join(path, name), look);
    look(path, hashOf(names.join("\n")), timeOf(path));
  } else if (stat?.isFile()) {
    look(path, hashOf(readFileSync(path)), timeOf(path));
  }
}

/** What the clone's own target folder has of its crates may be younger than sources that were made older. */
function distrustOwnTarget(paths) {
  const manifests = paths.filter((path) => path.endsWith("/Cargo.toml")).map((path) => readFileSync(path, "utf8"));
  const crates = manifests.flatMap((text) => text.match(/^name = "(.+)"/m)?.[1] ?? []);
  const isOurs = (entry) => crates.some((crate) => entry.startsWith(`${crate}-`));
  const own = existsSync("target") ? readdirSync("target", { recursive: true }).filter((path) => path.endsWith(".fingerprint")) : [];
  for (const folder of own) {
    for (const entry of readdirSync(join("target", folder)).filter(isOurs)) rmSync(join("target", folder, entry), { recursive: true });
  }
}

function hashOf(content) {
  return createHash("sha256").update(content).digest("hex");
}

function timeOf(path) {
  return lstatSync(path).mtimeMs / 1000;
}

function isTime(time, other) {
  return Math.abs(time - other) < PRECISION;
}

/** In one step: a record is whole or the one before. */
function write(text) {
  writeFileSync(`${record}.new`, JSON.stringify(text));
  renameSync(`${record}.new`, record);
}
