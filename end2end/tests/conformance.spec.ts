// MCP's own conformance suite against `/mcp`, for both revisions. There is no list of known failures: it would be empty.

import { execFile } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { Api } from "../fixtures/api.ts";
import { conformance, newerNode } from "../fixtures/outside.ts";
import { expect, test } from "../fixtures/test.ts";
import { tokenProxy } from "../fixtures/token-proxy.ts";
import { tokenOf } from "../fixtures/worker.ts";

/** How long one scenario may take. */
const SCENARIO_DEADLINE = 60_000;

/** What applies to a server that offers tools and nothing else. */
const APPLIES = {
  "2025-11-25": ["server-initialize", "ping", "tools-list", "dns-rebinding-protection"],
  "2026-07-28": ["server-stateless", "tools-list", "caching", "dns-rebinding-protection", "http-header-validation"],
};

/**
 * Checks within those that need what this server does not offer: the suite's own diagnostic tools, prompts, resources. The
 * fixture of the Rust tests, on the same transport, offers all of that and passes them.
 */
const OF_THE_FIXTURE: Record<string, string[]> = {
  "server-stateless": [
    "sep-2575-server-rejects-undeclared-capability",
    "sep-2575-missing-capability-http-400",
    "sep-2575-http-server-no-independent-requests-on-stream",
    "sep-2575-server-no-log-without-loglevel",
  ],
  caching: [
    "sep-2549-prompts-list-caching-hints",
    "sep-2549-resources-list-caching-hints",
    "sep-2549-resources-templates-list-caching-hints",
  ],
};

interface Check {
  id: string;
  status: string;
  errorMessage?: string;
}

for (const [revision, scenarios] of Object.entries(APPLIES)) {
  test(`/mcp conforms to revision ${revision}`, async ({ server }, testInfo) => {
    const api = await Api.register(server, "ada");
    const agent = await api.launch(await api.project("Engine"), { start_command: "" });
    await api.reach("idle", agent);
    const proxy = await tokenProxy(server.url, tokenOf(server, agent));
    try {
      for (const scenario of scenarios) {
        const checks = await run(scenario, revision, `${proxy.url}/mcp`, testInfo.outputPath(scenario));
        const failed = checks.filter(({ status }) => status === "FAILURE");
        const told = failed.map(({ id, errorMessage }) => `${id}: ${errorMessage ?? ""}`).join("\n");
        expect(failed.map(({ id }) => id), `${scenario} at ${revision}\n${told}`).toEqual(OF_THE_FIXTURE[scenario] ?? []);
        expect(checks.some(({ status }) => status === "SUCCESS"), `${scenario} has checked something`).toBe(true);
      }
    } finally {
      proxy.stop();
    }
  });
}

/** Runs a scenario and gives what it has checked. That some checks failed is no failure of the run. */
async function run(scenario: string, revision: string, url: string, output: string): Promise<Check[]> {
  const args = ["server", "--url", url, "--scenario", scenario, "--spec-version", revision, "--output-dir", output];
  await promisify(execFile)(newerNode(), [conformance(), ...args], { timeout: SCENARIO_DEADLINE }).catch(() => undefined);
  const [results = ""] = readdirSync(output);
  return JSON.parse(readFileSync(join(output, results, "checks.json"), "utf8")) as Check[];
}
