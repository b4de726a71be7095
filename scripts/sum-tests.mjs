// Adds up what `make test` ran, from cargo's own lines and Playwright's report: `sum-tests.mjs FOLDER`.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
let [passed, failed, skipped] = [0, 0, 0];

const rust = join(folder, "rust.log");
if (existsSync(rust)) {
  const lines = [...readFileSync(rust, "utf8").matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/gm)];
  for (const [, ok, bad, ignored] of lines) {
    passed += Number(ok);
    failed += Number(bad);
    skipped += Number(ignored);
  }
  console.log(`\nRust: ${lines.length} test programs`);
}
const browser = join(folder, "browser.json");
if (existsSync(browser)) {
  const { stats } = JSON.parse(readFileSync(browser, "utf8"));
  passed += stats.expected + stats.flaky;
  failed += stats.unexpected;
  skipped += stats.skipped;
  console.log(`Browser: ${Math.round(stats.duration / 1000)} s${stats.flaky ? `, ${stats.flaky} passed only when tried again` : ""}`);
}
console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`);
process.exit(passed > 0 && failed === 0 ? 0 : 1);
