// Adds up what tests ran, from cargo's own lines (*.log), Playwright's reports (*.json) and what tests say that did not run
// (skipped) in a folder: `sum-tests.mjs FOLDER`.

import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";

const folder = process.argv[2];
let [passed, failed, skipped] = [0, 0, 0];
// Said again at the end: a long log is often cut in its middle.
const failures = [];
const files = readdirSync(folder).sort();

console.log();
for (const file of files.filter((name) => name.endsWith(".log"))) {
  const text = readFileSync(join(folder, file), "utf8");
  const lines = [...text.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/gm)];
  for (const [, ok, bad, ignored] of lines) {
    passed += Number(ok);
    failed += Number(bad);
    skipped += Number(ignored);
  }
  for (const [, name] of text.matchAll(/^test (.+) \.\.\. FAILED$/gm)) failures.push(`${title(file)}: ${name}${panic(text, name)}`);
  console.log(`${title(file)}: ${lines.length} test programs`);
}
for (const file of files.filter((name) => name.endsWith(".json"))) {
  const { stats, suites } = JSON.parse(readFileSync(join(folder, file), "utf8"));
  passed += stats.expected + stats.flaky;
  failed += stats.unexpected;
  skipped += stats.skipped;
  for (const failure of unexpected(suites)) failures.push(`${title(file)}: ${failure}`);
  console.log(`${title(file)}: ${Math.round(stats.duration / 1000)} s${stats.flaky ? `, ${stats.flaky} passed only when tried again` : ""}`);
}
// Cargo counts as passed what this host cannot run; such tests say so themselves.
for (const line of files.includes("skipped") ? readFileSync(join(folder, "skipped"), "utf8").trim().split("\n") : []) {
  passed -= 1;
  skipped += 1;
  console.log(`skipped: ${line}`);
}
for (const failure of failures) console.log(`FAILED ${failure}`);
console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`);
process.exit(passed > 0 && failed === 0 ? 0 : 1);

/** `cluster-browser.json` is "Cluster browser". */
function title(file) {
  const words = basename(file).replace(/\.\w+$/, "").replaceAll("-", " ");
  return words[0].toUpperCase() + words.slice(1);
}

/** Where a Rust test panicked, and with what. */
function panic(log, test) {
  const start = log.indexOf(`\nthread '${test}' `);
  if (start === -1) return "";
  const head = /panicked at (\S+?):\d+:\n/.exec(log.slice(start));
  if (!head) return "";
  const message = log.slice(start + head.index + head[0].length).split(/^(?:stack backtrace|note):/m)[0];
  return ` (${head[1]})${below(message)}`;
}

/** A message below what it belongs to: beginning and end of it, because it may hold a whole screen. */
function below(message) {
  const [most, text] = [1200, message.trim()];
  const shown = text.length <= most ? text : `${text.slice(0, most / 2)} […] ${text.slice(-most / 2)}`;
  return `\n    ${shown.replaceAll("\n", "\n    ")}`;
}

/** Where each test that failed is, the line of it that it failed at, and why. */
function unexpected(suites) {
  return suites.flatMap((suite) => [
    ...unexpected(suite.suites ?? []),
    ...suite.specs.filter((spec) => !spec.ok).map((spec) => `${spec.file}:${spec.line} ${spec.title}${why(spec)}`),
  ]);
}

function why(spec) {
  const error = spec.tests.flatMap((test) => test.results).find((result) => result.error)?.error;
  // Playwright colours what it says, and says at length what it did.
  const [message] = (error?.message ?? "").replaceAll(/\u001b\[\d+m/g, "").split("\n\nCall log:");
  const at = error?.stack?.split("\n").find((frame) => frame.includes(spec.file))?.match(/:(\d+):\d+\)?$/)?.[1];
  return `${at ? ` (line ${at})` : ""}${message && below(message)}`;
}
