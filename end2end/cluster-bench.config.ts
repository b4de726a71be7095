// The measurements of `scripts/bench cluster`, on a real cluster: one at a time, nothing beside them.

import { defineConfig } from "@playwright/test";
import bench from "./bench.config.ts";

/** What one measurement may take: twenty pods at once are started and ended several times. */
const BENCH_DEADLINE = 1_200_000;

export default defineConfig({
  ...bench,
  testDir: "cluster",
  outputDir: "test-results-cluster",
  timeout: BENCH_DEADLINE,
});
