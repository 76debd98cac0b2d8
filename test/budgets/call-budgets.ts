import { readFileSync } from 'node:fs';

/** One upstream call that an operation may make. */
export interface BudgetedCall {
  /** Counted from 1. */
  readonly wave: number;
  /** The name in the service's contract. */
  readonly operation: string;
  /** The fields that need it: paths of response keys, without positions in lists. */
  readonly fields: readonly string[];
}

export type Budget = readonly BudgetedCall[];

/** The service operations of each wave. */
export type Waves = readonly (readonly string[])[];

const HEADING = /^(\w+): (\d+) calls? in (\d+) waves?$/;
const CALL = /^ {2}(\d+) +(\w+) +([\w.]+(?:, [\w.]+)*)$/;

/**
 * Reads `<name>.txt`: the budgets of a BFF by operation.
 * @throws Error that names the invalid line, or the operation whose heading has other sums
 */
export function readBudgets(name: string): ReadonlyMap<string, Budget> {
  const text = readFileSync(new URL(`${name}.txt`, import.meta.url), 'utf8');
  return parseBudgets(text, `test/budgets/${name}.txt`);
}

export function parseBudgets(text: string, file: string): ReadonlyMap<string, Budget> {
  const budgets = new Map<string, BudgetedCall[]>();
  const headings = new Map<string, string>();
  let last: string | undefined;
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, name] = HEADING.exec(line) ?? [];
    const [, wave, operation, fields] = CALL.exec(line) ?? [];
    if (name && !budgets.has(name)) {
      last = name;
      headings.set(name, line);
      budgets.set(name, []);
    } else if (operation && fields && last) {
      budgets.get(last)?.push({ wave: Number(wave), operation, fields: fields.split(', ') });
    } else throw new Error(`${file}: invalid line: ${line}`);
  }
  for (const [operation, budget] of budgets) {
    const heading = `${operation}: ${summarize(toWaves(budget))}`;
    if (headings.get(operation) !== heading) {
      throw new Error(`${file}: the calls add up to "${heading}"`);
    }
  }
  return budgets;
}

/** Converts a budget to the form that `countWaves` returns. */
export function toWaves(budget: Budget): Waves {
  const count = Math.max(0, ...budget.map(({ wave }) => wave));
  return Array.from({ length: count }, (_, index) =>
    budget.filter(({ wave }) => wave === index + 1).map(({ operation }) => operation),
  );
}

/** The budget of an operation without one field and everything below it. */
export const withoutField = (budget: Budget, path: string): Budget =>
  budget.filter(({ fields }) => !fields.every((field) => isWithin(field, path)));

const isWithin = (field: string, path: string): boolean =>
  field === path || field.startsWith(`${path}.`);

/** Formats sums: "2 calls in 1 wave". */
export const summarize = (waves: Waves): string =>
  `${plural(waves.flat().length, 'call')} in ${plural(waves.length, 'wave')}`;

const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** Lists the calls of the first waves that are not in the second, as in "usersByIds in wave 2". */
export function callsBeyond(waves: Waves, others: Waves): string[] {
  const remaining = toCalls(others);
  return toCalls(waves).filter((call) => {
    const index = remaining.indexOf(call);
    if (index >= 0) remaining.splice(index, 1);
    return index < 0;
  });
}

const toCalls = (waves: Waves): string[] =>
  waves.flatMap((wave, index) => wave.map((operation) => `${operation} in wave ${index + 1}`));
