// Gives the program and its loader names that change with what they refer to: `node scripts/name-split.mjs FOLDER`.
//
// cargo-leptos names files after their content, and then writes the name of the list of parts into two of them. When only a part
// changes, both keep their names and not their content; a browser that keeps them for ever would mix two versions.

import { createHash } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
const names = join(folder, "hash.txt");
const hashes = new Map(readFileSync(names, "utf8").trim().split("\n").map((line) => line.split(": ")));
const parts = hashes.get("split");
if (!parts) throw new Error(`${names} names no list of parts`);

const rename = (kind) => {
  const old = hashes.get(kind);
  const fresh = createHash("md5").update(`${old} ${parts}`).digest("base64url");
  renameSync(join(folder, "site/pkg", `aiworker.${old}.${kind}`), join(folder, "site/pkg", `aiworker.${fresh}.${kind}`));
  hashes.set(kind, fresh);
  return [`aiworker.${old}.${kind}`, `aiworker.${fresh}.${kind}`];
};
const renamed = ["js", "wasm"].map(rename);

for (const file of [`aiworker.${hashes.get("js")}.js`, `__wasm_split.${parts}.js`]) {
  const path = join(folder, "site/pkg", file);
  writeFileSync(path, renamed.reduce((text, [old, fresh]) => text.replaceAll(old, fresh), readFileSync(path, "utf8")));
}
writeFileSync(names, [...hashes].map(([kind, hash]) => `${kind}: ${hash}\n`).join(""));
