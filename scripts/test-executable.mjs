// Picks a test's executable out of what `cargo test --no-run --message-format json` says: `test-executable.mjs CRATE TEST <messages`.

import { readFileSync } from "node:fs";

const [crate, test] = process.argv.slice(2);
for (const line of readFileSync(0, "utf8").split("\n").filter((text) => text.startsWith("{"))) {
  const { target, manifest_path, executable } = JSON.parse(line);
  if (executable && target.name === test && manifest_path.endsWith(`/${crate}/Cargo.toml`)) console.log(executable);
}
