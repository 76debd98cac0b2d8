import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** Allocation budgets and the version of Node that they hold for: each allocates differently. */
export interface AllocationTable {
  /** A version: `26.10.0`. */
  readonly node: string;
  /** Bytes per request, by workload. */
  readonly budgets: ReadonlyMap<string, number>;
}

const FILE = 'test/budgets/allocations.txt';
const NODE = /^node (\d+\.\d+\.\d+)$/;
const BUDGET = /^(\S.*): (\d+) bytes$/;

/** The accepted deviation, as a share of the budget: more than twice the measured variation. */
const TOLERANCE = 0.01;

/** @throws Error that names the invalid line */
export const readTable = (): AllocationTable =>
  parseTable(readFileSync(new URL('allocations.txt', import.meta.url), 'utf8'));

export function parseTable(text: string): AllocationTable {
  const budgets = new Map<string, number>();
  let node = '';
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, version] = NODE.exec(line) ?? [];
    const [, workload, bytes] = BUDGET.exec(line) ?? [];
    if (version && !node) node = version;
    else if (workload && !budgets.has(workload)) budgets.set(workload, Number(bytes));
    else throw new Error(`${FILE}: invalid line: ${line}`);
  }
  if (!node) throw new Error(`${FILE}: the version of Node is missing`);
  return { node, budgets };
}

export const isWithinTolerance = (bytes: number, budget: number): boolean =>
  Math.abs(bytes - budget) <= TOLERANCE * budget;

/**
 * Asserts that a workload allocates as much as its budget, neither more nor less.
 * @param bytes - counted, per request
 * @throws AssertionError that names the workload, its budget and the bytes
 */
export function assertAllocations(workload: string, bytes: number, budget: number): void {
  if (isWithinTolerance(bytes, budget)) return;
  const difference = bytes - budget;
  const percent = `${difference > 0 ? '+' : ''}${((100 * difference) / budget).toFixed(1)} %`;
  const hint =
    difference > 0
      ? 'To list the functions that allocate: ALLOCATIONS=sites node --test test/budgets/allocations.test.ts'
      : 'The budget is too high: lower it to the actual bytes.';
  assert.fail(
    `${workload}: the budget is ${budget} bytes per request, but it allocates ${bytes} (${percent}).\n  ${hint}`,
  );
}
