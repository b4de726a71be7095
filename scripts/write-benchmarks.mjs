// Writes the figures of `make bench` between the markers of docs/BENCHMARKS.md: `write-benchmarks.mjs FIGURES TABLE`. Fails when a
// limit does not hold.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";

const DOCUMENT = "docs/BENCHMARKS.md";
const [, , file, name] = process.argv;
const figures = readFileSync(file, "utf8").trim().split("\n").filter(Boolean).map((line) => JSON.parse(line));
if (figures.length === 0) {
  console.error("nothing was measured");
  process.exit(1);
}

const short = (value) => Number(value.toPrecision(3)).toString();
const holds = ({ value, limit }) => !limit || (value <= (limit.most ?? Infinity) && value >= (limit.least ?? -Infinity));
const wanted = ({ limit, unit }) => {
  if (limit?.most !== undefined) return `≤ ${limit.most} ${unit}`;
  return limit?.least !== undefined ? `≥ ${limit.least} ${unit}` : "";
};
const row = (figure) =>
  `| ${figure.what} | ${short(figure.value)} ${figure.unit} | ${wanted(figure)}${holds(figure) ? "" : " **missed**"} | ${figure.detail} |`;

const commit = execFileSync("git", ["describe", "--always", "--dirty"], { encoding: "utf8" }).trim();
const machine = `${cpus().length} × ${cpus()[0].model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${process.arch}`;
const table = [
  `Commit ${commit}, ${new Date().toISOString().slice(0, 10)}, on ${machine}, by \`make bench\`.`,
  "",
  "| What | Measured | Limit | Single runs |",
  "|---|---|---|---|",
  ...figures.map(row),
].join("\n");

const text = readFileSync(DOCUMENT, "utf8");
const [begin, end] = [`<!-- ${name}:begin -->\n`, `<!-- ${name}:end -->`];
const written = text.replace(new RegExp(`${begin}[^]*${end}`), `${begin}${table.replaceAll("$", "$$$$")}\n${end}`);
writeFileSync(DOCUMENT, written);
console.log(`\n${table}\n`);
const missed = figures.filter((figure) => !holds(figure));
missed.forEach(({ what }) => console.log(`limit missed: ${what}`));
console.log(`bench: ${figures.length - missed.length} passed, ${missed.length} failed`);
process.exit(missed.length > 0 ? 1 : 0);
