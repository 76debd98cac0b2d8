import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { AllFigures } from '../workloads/workload.ts';

const FILE = new URL('../results.json', import.meta.url);

/** The last whole run of one suite. */
export interface SuiteResults {
  readonly machine: string;
  /** Of the run, as 2026-01-31. */
  readonly date: string;
  /** How it was measured. */
  readonly run: string;
  readonly modes: AllFigures;
}

/** The last whole run of each suite. */
export type Results = Readonly<Record<string, SuiteResults>>;

export const readResults = (): Results =>
  existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Results) : {};

/** Figures with three digits after the point; what can't be written as JSON is left out. */
export function writeResults(results: Results): void {
  const toShort = (_key: string, value: unknown) =>
    typeof value === 'number' ? Number(value.toFixed(3)) : value;
  writeFileSync(FILE, `${JSON.stringify(results, toShort, 2)}\n`);
}
