import { readFileSync } from 'node:fs';

/** One upstream call that is meant to be made. */
export interface BudgetedCall {
  /** Counted from 1. */
  readonly wave: number;
  /** The service's. */
  readonly operation: string;
  /** The fields it is made for, as paths of names in the answer, without places in lists. */
  readonly fields: readonly string[];
}

export type Budget = readonly BudgetedCall[];

/** Names of the services' operations, wave by wave. */
export type Waves = readonly (readonly string[])[];

const HEAD = /^(\w+): (\d+) calls? in (\d+) waves?$/;
const CALL = /^ {2}(\d+) +(\w+) +([\w.]+(?:, [\w.]+)*)$/;

/**
 * Reads `<name>.txt`: the budgets of a BFF by operation.
 * @throws Error that names the line which can not be read, or the operation whose sums are wrong
 */
export function readBudgets(name: string): ReadonlyMap<string, Budget> {
  const text = readFileSync(new URL(`${name}.txt`, import.meta.url), 'utf8');
  return parseBudgets(text, `test/budgets/${name}.txt`);
}

export function parseBudgets(text: string, file: string): ReadonlyMap<string, Budget> {
  const budgets = new Map<string, BudgetedCall[]>();
  const heads = new Map<string, string>();
  let last: string | undefined;
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, head] = HEAD.exec(line) ?? [];
    const [, wave, operation, fields] = CALL.exec(line) ?? [];
    if (head && !budgets.has(head)) {
      last = head;
      heads.set(head, line);
      budgets.set(head, []);
    } else if (operation && fields && last) {
      budgets.get(last)?.push({ wave: Number(wave), operation, fields: fields.split(', ') });
    } else throw new Error(`${file} does not read as a budget: ${line}`);
  }
  for (const [operation, budget] of budgets) {
    const sum = `${operation}: ${sumOf(toWaves(budget))}`;
    if (heads.get(operation) !== sum) throw new Error(`${file} lists calls for "${sum}"`);
  }
  return budgets;
}

/** What is meant, in the form of what is counted. */
export function toWaves(budget: Budget): Waves {
  const count = Math.max(0, ...budget.map(({ wave }) => wave));
  return Array.from({ length: count }, (_, index) =>
    budget.filter(({ wave }) => wave === index + 1).map(({ operation }) => operation),
  );
}

/** The budget of an operation without one of its fields, and whatever is below that. */
export const withoutCallsFor = (budget: Budget, gone: string): Budget =>
  budget.filter(({ fields }) => !fields.every((field) => isWithin(field, gone)));

const isWithin = (field: string, path: string): boolean =>
  field === path || field.startsWith(`${path}.`);

/** "2 calls in 1 wave" */
export const sumOf = (waves: Waves): string =>
  `${plural(waves.flat().length, 'call')} in ${plural(waves.length, 'wave')}`;

const plural = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;

/** What there is more of in `some` than in `others`, as in "usersByIds in wave 2". */
export function moreIn(some: Waves, others: Waves): string[] {
  const rest = toCalls(others);
  return toCalls(some).filter((call) => {
    const index = rest.indexOf(call);
    if (index >= 0) rest.splice(index, 1);
    return index < 0;
  });
}

const toCalls = (waves: Waves): string[] =>
  waves.flatMap((wave, index) => wave.map((operation) => `${operation} in wave ${index + 1}`));
