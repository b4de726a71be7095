// The measurements of `make bench` that need the real binary: one at a time, nothing beside them.

import { defineConfig } from "@playwright/test";
import tests from "./playwright.config.ts";

/** What one measurement may take. */
const BENCH_DEADLINE = 300_000;

export default defineConfig({
  ...tests,
  testDir: "bench",
  testMatch: /\.bench\.ts$/,
  timeout: BENCH_DEADLINE,
  fullyParallel: false,
  workers: 1,
  reporter: [["list"]],
  projects: [{ name: "bench" }],
});
