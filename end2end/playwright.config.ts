// How the browser tests run: the real binary (AIWORKER_BUNDLE, made by scripts/bundle) in the distribution's Chromium.

import { defineConfig } from "@playwright/test";
import { existsSync } from "node:fs";

const browsers = ["/usr/bin/chromium", "/usr/bin/google-chrome", "/usr/bin/chromium-browser"];
const report = process.env["RESULTS_FILE"];

/** What every test may take, with agents really started. */
const TEST_DEADLINE = 120_000;
/** What the page may take to show what it should. */
const EXPECT_DEADLINE = 15_000;

const looks = /journey\.spec\.ts/;

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  timeout: TEST_DEADLINE,
  expect: { timeout: EXPECT_DEADLINE },
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: Boolean(process.env["CI"]),
  reporter: report ? [["list"], ["json", { outputFile: report }]] : [["list"]],
  use: {
    actionTimeout: EXPECT_DEADLINE,
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: browsers.find((path) => existsSync(path)),
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: [
    { name: "desktop", testIgnore: looks, use: { viewport: { width: 1280, height: 800 } } },
    { name: "light", testMatch: looks, use: { viewport: { width: 1280, height: 800 }, colorScheme: "light" } },
    { name: "dark", testMatch: looks, use: { viewport: { width: 1280, height: 800 }, colorScheme: "dark" } },
    { name: "phone", testMatch: looks, use: { viewport: { width: 390, height: 844 }, hasTouch: true } },
  ],
});
