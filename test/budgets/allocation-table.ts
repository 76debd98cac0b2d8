import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** Bytes per request. */
export interface AllocationBudget {
  readonly allocated: number;
  /** What survives a minor collection although the request is over. */
  readonly surviving: number;
}

export type Measure = keyof AllocationBudget;

/** Allocation budgets and the version of Node that they hold for: each allocates differently. */
export interface AllocationTable {
  /** A version: `26.10.0`. */
  readonly node: string;
  /** By workload. */
  readonly budgets: ReadonlyMap<string, AllocationBudget>;
}

const FILE = 'test/budgets/allocations.txt';
const NODE = /^node (\d+\.\d+\.\d+)$/;
const BUDGET = /^(\S.*): (\d+) bytes, (\d+) survive$/;

/** The accepted deviation, as a share of the budget: more than twice the measured variation. */
const TOLERANCE = 0.01;
/** The accepted deviation where hardly anything survives: less than a promise with a callback. */
const MIN_SURVIVOR_TOLERANCE_BYTES = 100;

/** @throws Error that names the invalid line */
export const readTable = (): AllocationTable =>
  parseTable(readFileSync(new URL('allocations.txt', import.meta.url), 'utf8'));

export function parseTable(text: string): AllocationTable {
  const budgets = new Map<string, AllocationBudget>();
  let node = '';
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, version] = NODE.exec(line) ?? [];
    const [, workload, allocated, surviving] = BUDGET.exec(line) ?? [];
    if (version && !node) node = version;
    else if (workload && !budgets.has(workload)) {
      budgets.set(workload, { allocated: Number(allocated), surviving: Number(surviving) });
    } else throw new Error(`${FILE}: invalid line: ${line}`);
  }
  if (!node) throw new Error(`${FILE}: the version of Node is missing`);
  return { node, budgets };
}

export function isWithinTolerance(measure: Measure, bytes: number, budget: number): boolean {
  const min = measure === 'surviving' ? MIN_SURVIVOR_TOLERANCE_BYTES : 0;
  return Math.abs(bytes - budget) <= Math.max(min, TOLERANCE * budget);
}

/**
 * Asserts that a workload allocates, or leaves behind, as much as its budget, neither more nor less.
 * @param bytes - counted, per request
 * @throws AssertionError that names the workload, its budget and the bytes
 */
export function assertAllocations(
  workload: string,
  measure: Measure,
  bytes: number,
  budget: number,
): void {
  if (isWithinTolerance(measure, bytes, budget)) return;
  const difference = bytes - budget;
  const sign = difference > 0 ? '+' : '';
  const percent = `${sign}${((100 * difference) / budget).toFixed(1)} %`;
  const { text, profile } = {
    allocated: {
      text: `${budget} bytes per request, but it allocates ${bytes} (${percent})`,
      profile: 'To list the functions that allocate: ALLOCATIONS=sites',
    },
    surviving: {
      text: `${budget} bytes per request that survive a minor collection, but ${bytes} do (${sign}${difference})`,
      profile: 'To list the functions that allocate them: ALLOCATIONS=survivors',
    },
  }[measure];
  const hint =
    difference > 0
      ? `${profile} node --test test/budgets/allocations.test.ts`
      : 'The budget is too high: lower it to the actual bytes.';
  assert.fail(`${workload}: the budget is ${text}.\n  ${hint}`);
}
