import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** What may be allocated, and by which Node it is counted: each allocates in its own way. */
export interface AllocationTable {
  /** A version: `26.10.0`. */
  readonly node: string;
  /** Bytes per request. */
  readonly budgets: ReadonlyMap<string, number>;
}

const FILE = 'test/budgets/allocations.txt';
const NODE = /^node (\d+\.\d+\.\d+)$/;
const BUDGET = /^(\S.*): (\d+) bytes$/;

/** How far from its budget a count may be, as a share of it: more than twice what counts differ by. */
const TOLERANCE = 0.01;

/** @throws Error that names the line which can not be read */
export const readTable = (): AllocationTable =>
  parseTable(readFileSync(new URL('allocations.txt', import.meta.url), 'utf8'));

export function parseTable(text: string): AllocationTable {
  const budgets = new Map<string, number>();
  let node = '';
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, version] = NODE.exec(line) ?? [];
    const [, way, bytes] = BUDGET.exec(line) ?? [];
    if (version && !node) node = version;
    else if (way && !budgets.has(way)) budgets.set(way, Number(bytes));
    else throw new Error(`${FILE} does not read as a budget: ${line}`);
  }
  if (!node) throw new Error(`${FILE} does not say which Node it is for`);
  return { node, budgets };
}

/** Whether what was counted, in bytes, is what is meant. */
export const isMeant = (bytes: number, budget: number): boolean =>
  Math.abs(bytes - budget) <= TOLERANCE * budget;

/**
 * Sees that a way allocates what is meant, neither more nor less.
 * @param bytes - counted, for one request
 * @throws AssertionError that names the way, its budget, and what is allocated
 */
export function assertAllocations(way: string, bytes: number, budget: number): void {
  if (isMeant(bytes, budget)) return;
  const more = bytes - budget;
  const percent = `${more > 0 ? '+' : ''}${((100 * more) / budget).toFixed(1)} %`;
  const hint =
    more > 0
      ? 'Which functions allocate: ALLOCATIONS=sites node --test test/budgets/allocations.test.ts'
      : 'The budget is too generous: write down what it allocates now.';
  assert.fail(
    `${way}: may allocate ${budget} bytes per request, and allocates ${bytes} (${percent}).\n  ${hint}`,
  );
}
