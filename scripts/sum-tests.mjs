// Adds up what tests ran, from cargo's own lines (*.log), Playwright's reports (*.json) and what tests say that did not run
// (skipped) in a folder: `sum-tests.mjs FOLDER`.

import { readFileSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";

const folder = process.argv[2];
let [passed, failed, skipped] = [0, 0, 0];
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
  console.log(`${title(file)}: ${lines.length} test programs`);
}
for (const file of files.filter((name) => name.endsWith(".json"))) {
  const { stats } = JSON.parse(readFileSync(join(folder, file), "utf8"));
  passed += stats.expected + stats.flaky;
  failed += stats.unexpected;
  skipped += stats.skipped;
  console.log(`${title(file)}: ${Math.round(stats.duration / 1000)} s${stats.flaky ? `, ${stats.flaky} passed only when tried again` : ""}`);
}
// Cargo counts as passed what this host cannot run; such tests say so themselves.
for (const line of files.includes("skipped") ? readFileSync(join(folder, "skipped"), "utf8").trim().split("\n") : []) {
  passed -= 1;
  skipped += 1;
  console.log(`skipped: ${line}`);
}
console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`);
process.exit(passed > 0 && failed === 0 ? 0 : 1);

/** `cluster-browser.json` is "Cluster browser". */
function title(file) {
  const words = basename(file).replace(/\.\w+$/, "").replaceAll("-", " ");
  return words[0].toUpperCase() + words.slice(1);
}
