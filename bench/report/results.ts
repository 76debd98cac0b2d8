import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { AllFigures } from '../workloads/workload.ts';

const FILE = new URL('../results.json', import.meta.url);

/** The last complete run of one suite. */
export interface SuiteResults {
  readonly machine: string;
  /** Date of the run, YYYY-MM-DD. */
  readonly date: string;
  /** Load generator, rounds and seconds, as in the tables. */
  readonly run: string;
  readonly modes: AllFigures;
}

/** The last complete runs, by suite. */
export type Results = Readonly<Record<string, SuiteResults>>;

export const readResults = (): Results =>
  existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Results) : {};

/** Writes the figures with three decimals. */
export function writeResults(results: Results): void {
  const roundNumber = (_key: string, value: unknown) =>
    typeof value === 'number' ? Number(value.toFixed(3)) : value;
  writeFileSync(FILE, `${JSON.stringify(results, roundNumber, 2)}\n`);
}
