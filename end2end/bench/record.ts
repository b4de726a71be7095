// Hands a figure to `scripts/bench`, which writes the table.

import { appendFileSync } from "node:fs";

/** One row of docs/BENCHMARKS.md. */
export interface Figure {
  /** What was measured, for people. */
  what: string;
  /** The figure itself. */
  value: number;
  /** Its unit: `×`, `ms`, `MB`, `kB`, `requests/s`. */
  unit: string;
  /** The least and the most of the single runs, or what the figure is made of. */
  detail: string;
  /** At most (or at least) so much; none where the figure is only for comparison. */
  limit?: { most?: number; least?: number };
}

/** Keeps the figure. */
export function record(figure: Figure): void {
  const file = process.env["BENCH_FILE"];
  const line = JSON.stringify(figure);
  if (file) appendFileSync(file, `${line}\n`);
  console.log(line);
}

/** The middle of some figures. */
export function median(values: number[]): number {
  return quantile(values, 0.5);
}

/** The value below which `share` of the figures lie. */
export function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** The least and the most, for the column that shows how far single runs lie apart. */
export function spread(values: number[], unit: string): string {
  return `${format(Math.min(...values))} to ${format(Math.max(...values))} ${unit}, ${values.length} runs`;
}

/** A figure with three significant digits. */
export function format(value: number): string {
  return Number(value.toPrecision(3)).toString();
}
