// The rules of CONTRIBUTING.md that no other tool checks: what files say and are called, how long they are, who may depend on
// whom, and what has no place in a repository. Prints every breach; fails when there is one.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";

const LONGEST_FILE = 500;
const LONGER_ON_PURPOSE = new Set(["server/store/src/schema.rs"]);
/** One text of every query, compiled once per database: the only folder that needs a mod.rs. */
const MOD_RS = new Set(["server/store/src/queries/mod.rs"]);

/** What each crate may know of the others, and what of the world it must not know. */
const ROOMS = {
  domain: { below: [], unknown: [/^tokio/, /^futures/, /^async/, /^diesel/, /^kube/, /^k8s/, /^leptos/, /^axum/, /^reqwest/] },
  store: { below: ["domain"], unknown: [/^axum/, /^http/, /^hyper/, /^tower/, /^kube/, /^k8s/, /^leptos/] },
  "test-databases": { below: [], unknown: [/^axum/, /^leptos/] },
  runtime: { below: ["domain"], unknown: [/^axum/, /^diesel/, /^leptos/] },
  inside: { below: ["domain"], unknown: [/^axum/, /^diesel/, /^kube/, /^k8s/, /^leptos/, /^rmcp/, /^tracing/] },
  services: { below: ["domain", "store", "runtime"], unknown: [/^axum/, /^diesel/, /^kube/, /^k8s/, /^leptos/] },
  app: { below: ["domain", "services"], unknown: [/^axum/, /^diesel/, /^kube/, /^k8s/] },
  frontend: { below: ["app"], unknown: [/^axum/, /^diesel/, /^tokio/] },
  server: { below: ["domain", "store", "runtime", "services", "inside", "app"], unknown: [/^diesel/, /^kube/, /^k8s/] },
};

const breaches = [];
const breach = (where, what) => breaches.push(`${where}: ${what}`);
const run = (command, ...args) => execFileSync(command, args, { encoding: "utf8", maxBuffer: 1 << 26 });

const files = run("git", "ls-files", "--cached", "--others", "--exclude-standard").trim().split("\n").filter(existsSync);
const isText = (file) => /\.(rs|ts|mjs|js|toml|md|scss|sql|sh|yml|yaml|json)$/.test(file) || /^(scripts|\.ci)\//.test(file);
const isLock = (file) => /(^|\/)(Cargo\.lock|package-lock\.json)$/.test(file);
const isTest = (file) => /(^|\/)(tests|end2end)\//.test(file) || /(^|\/)tests\.rs$/.test(file);

/** The innermost first. */
const CRATES = files.filter((file) => file.endsWith("/Cargo.toml")).map(dirname).sort((a, b) => b.length - a.length);

const lengths = [];
for (const file of files.filter((file) => isText(file) && !isLock(file))) {
  const text = readFileSync(file, "utf8");
  if (file.endsWith(".rs")) checkRust(file, text);
  text.split("\n").forEach((line, index) => checkLine(file, `${file}:${index + 1}`, line));
}
files.filter((file) => file.endsWith("package-lock.json")).forEach((file) => {
  if (/"resolved":/.test(readFileSync(file, "utf8"))) breach(file, "names the server that packages came from; see frontend/.npmrc");
});
checkRooms();

function checkRust(file, text) {
  const lines = text.split("\n").length;
  lengths.push(lines);
  // A snapshot or a binary's attributes may come first, words about the file must come before any code.
  if (!/^(#!\[[^\n]*\n|\s)*\/\/!/.test(text)) breach(file, "must begin with //! and say what it is");
  if (basename(file) === "mod.rs" && !MOD_RS.has(file)) breach(file, "use name.rs beside the folder, not mod.rs");
  if (/^(utils?|helpers?|common|manager|misc)\.rs$/.test(basename(file))) breach(file, "name it after what it does");
  if (lines > LONGEST_FILE && !LONGER_ON_PURPOSE.has(file)) breach(file, `${lines} lines; split it (at most ${LONGEST_FILE})`);
}

function checkLine(file, where, line) {
  if (isTest(file) && /\b(sleep\(|waitForTimeout)/.test(line)) breach(where, "a test awaits the event, it does not sleep");
  if (file.endsWith(".rs") && /#\[ignore/.test(line)) breach(where, "an ignored test tests nothing");
  if (file.endsWith(".rs") && /env!\("CARGO_MANIFEST_DIR"\)/.test(line)) breach(where, "compiles the path of one clone in; ask for it at run time");
  if (file.endsWith(".rs") && leavesItsCrate(file, line)) breach(where, "compiles a file of another folder in; let build.rs lay it into OUT_DIR");
  if (/\.only\(/.test(line) && file.startsWith("end2end/")) breach(where, "runs this test alone");
  if (/^(<{7}|>{7}) /.test(line)) breach(where, "a conflict was not resolved");
  if (/(^|[\s"'(=])\/(root|work)\//.test(line)) breach(where, "a path of one machine");
  if (/\bAKIA[0-9A-Z]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(line)) breach(where, "looks like a secret");
}

/** Cargo knows a file outside its crate by the path of the clone that compiled it. */
function leavesItsCrate(file, line) {
  const [, path] = line.match(/include\w*!\("(.+?)"\)/) ?? [];
  const crate = CRATES.find((folder) => file.startsWith(`${folder}/`));
  return path !== undefined && !normalize(join(dirname(file), path)).startsWith(`${crate}/`);
}

function checkRooms() {
  const { packages } = JSON.parse(run("cargo", "metadata", "--no-deps", "--format-version", "1", "--locked"));
  for (const { name, dependencies } of packages) {
    const room = ROOMS[name];
    if (!room) {
      breach(`crate ${name}`, "has no place in the table of rooms (docs/ARCHITECTURE.md and scripts/house-rules.mjs)");
      continue;
    }
    for (const dependency of dependencies.filter(({ kind }) => kind !== "dev")) {
      if (ROOMS[dependency.name] && !room.below.includes(dependency.name)) breach(`crate ${name}`, `must not know ${dependency.name}`);
      if (room.unknown.some((pattern) => pattern.test(dependency.name))) breach(`crate ${name}`, `must not depend on ${dependency.name}`);
    }
  }
}

lengths.sort((a, b) => a - b);
const at = (share) => lengths[Math.floor((lengths.length - 1) * share)] ?? 0;
console.log(`    ${lengths.length} Rust files, median ${at(0.5)} lines, 90 % up to ${at(0.9)}, longest ${at(1)}`);
breaches.forEach((text) => console.log(`    ${text}`));
process.exit(breaches.length > 0 ? 1 : 0);
