// The walk of `make test-cluster`: the real binary, and agents that are pods of a real cluster.

import { defineConfig } from "@playwright/test";
import tests from "./playwright.config.ts";

/** What one walk may take, with every pod really started and ended. */
const WALK_DEADLINE = 300_000;

const viewport = { width: 1280, height: 800 };
const alone = /outages\.spec\.ts/;

export default defineConfig({
  ...tests,
  testDir: "cluster",
  outputDir: "test-results-cluster",
  timeout: WALK_DEADLINE,
  projects: [
    { name: "cluster", testIgnore: alone, use: { viewport } },
    // One after the other, and when everything else is over.
    { name: "outages", testMatch: alone, use: { viewport }, fullyParallel: false, dependencies: ["cluster"] },
  ],
});
