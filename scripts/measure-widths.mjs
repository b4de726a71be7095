#!/usr/bin/env node
// Prints the code points to which the tmux of this host gives another number of columns than xterm's table, for frontend/xterm/widths.mjs:
// `scripts/measure-widths.mjs`. Every code point is printed in tmux, which is asked where its cursor is then. The newest tmux and C library
// tell most; code points that they do not know yet are left out.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Answers to wait for at a time. */
const AT_ONCE = 50;
const LAST = 0x1ffff;

const here = fileURLToPath(import.meta.url);
if (process.argv[2] === "inside") await measure(process.argv[3]);
else compare();

/** Code points that mean something, but for those of private use and the marks of direction, which have no width of their own. */
function* assigned() {
  for (let code = 0xa0; code <= LAST; code++) if (/^[^\p{Cn}\p{Cs}\p{Co}]$/u.test(String.fromCodePoint(code))) yield code;
}

/** Run in a pane of tmux. */
async function measure(file) {
  const columns = {};
  const codes = [...assigned()];
  process.stdin.setRawMode(true);
  let answers = "";
  for (let from = 0; from < codes.length; from += AT_ONCE) {
    const some = codes.slice(from, from + AT_ONCE);
    process.stdout.write(some.map((code) => `\r${String.fromCodePoint(code)}\x1b[6n`).join(""));
    while (answers.split("R").length <= some.length) answers += await new Promise((resolve) => process.stdin.once("data", resolve));
    for (const [index, [, column]] of [...answers.matchAll(/\[\d+;(\d+)R/g)].entries()) columns[some[index]] = Number(column) - 1;
    answers = "";
  }
  writeFileSync(file, JSON.stringify(columns));
  process.exit();
}

function compare() {
  const folder = mkdtempSync(join(tmpdir(), "widths-"));
  const tmux = (...words) => execFileSync("tmux", ["-u", "-S", join(folder, "socket"), "-f", "/dev/null", ...words], { encoding: "utf8" });
  const file = join(folder, "columns");
  tmux("new-session", "-d", "-x", "80", "-y", "24", `'${process.execPath}' '${here}' inside '${file}'; tmux -S '${folder}/socket' wait-for -S done; cat`);
  tmux("wait-for", "done");
  const version = tmux("-V").trim();
  tmux("kill-server");
  const measured = JSON.parse(readFileSync(file, "utf8"));
  rmSync(folder, { recursive: true });

  const { Unicode11Addon } = createRequire(join(here, "../../frontend/package.json"))("@xterm/addon-unicode11");
  let table;
  new Unicode11Addon().activate({ unicode: { register: (provider) => (table = provider) } });
  console.log(`${version}, as against xterm's table`);
  for (const columns of [0, 1, 2]) {
    const codes = [...assigned()].filter((code) => measured[code] === columns && table.wcwidth(code) !== columns);
    console.log(`${columns}: ${ranges(codes).join(" ")}`);
  }
}

function ranges(codes) {
  const found = [];
  for (const code of codes) {
    if (found.at(-1)?.[1] === code - 1) found.at(-1)[1] = code;
    else found.push([code, code]);
  }
  return found.map(([first, last]) => (first === last ? first.toString(16) : `${first.toString(16)}-${last.toString(16)}`));
}
