import assert from 'node:assert/strict';
import type { TestViewer } from '../support/environment.ts';
import {
  type Budget,
  callsBeyond,
  summarize,
  toWaves,
  type Waves,
  withoutField,
} from './call-budgets.ts';
import { type CountedEnvironment, countWaves } from './call-waves.ts';
import { createSelection } from './selection.ts';

/** An operation and its budget. */
export interface BudgetCase {
  readonly name: string;
  readonly source: string;
  readonly budget: Budget;
  readonly as: TestViewer;
  /** The variables of one request; a mutation needs new ones each time. */
  readonly variables?: () => object | Promise<object>;
}

/**
 * Asserts that an operation makes exactly the calls of its budget, in exactly these waves.
 * @returns the response
 * @throws AssertionError with the budget, the actual calls, and the fields that cause the surplus
 */
export async function assertBudget(environment: CountedEnvironment, budgetCase: BudgetCase) {
  const { name, source, budget } = budgetCase;
  const count = countCalls.bind(undefined, environment, budgetCase);
  // The first request also opens connections and loads keys.
  await count(source, budget);
  const { response, waves } = await count(source, budget);
  assert.equal(response.body.errors, undefined, `${name}: ${JSON.stringify(response.body.errors)}`);
  const expected = toWaves(budget);
  const surplus = callsBeyond(waves, expected);
  const missing = callsBeyond(expected, waves);
  if (surplus.length + missing.length === 0) return response;

  const selection = createSelection(source);
  const surplusOf = chooseMeasure(waves, expected);
  const isCause = async (path: string) => {
    const rest = withoutField(budget, path);
    const { waves: remaining } = await count(selection.without(path), rest);
    return surplusOf(remaining, toWaves(rest)) < surplusOf(waves, expected);
  };
  const causes = surplus.length > 0 ? await findCauses(selection.below, isCause) : [];
  assert.fail(formatFailure({ name, budget, waves, surplus, missing, causes }));
}

/**
 * Chooses a measure that falls when a cause is removed: the surplus calls of all waves, because a call
 * in a later wave may only have waited for one of them; or, if there are none, the surplus up to the
 * first wave that has one.
 */
function chooseMeasure(waves: Waves, expected: Waves): (waves: Waves, expected: Waves) => number {
  const inTotal = (some: Waves, others: Waves) =>
    callsBeyond([some.flat()], [others.flat()]).length;
  if (inTotal(waves, expected) > 0) return inTotal;
  const upTo = (wave: number) => (some: Waves, others: Waves) =>
    callsBeyond(some.slice(0, wave), others.slice(0, wave)).length;
  return upTo(1 + waves.findIndex((_, index) => upTo(index + 1)(waves, expected) > 0));
}

/**
 * Sends an operation, or a part of it, and counts its calls.
 * @param expected - the budget of the part
 */
export async function countCalls(
  environment: CountedEnvironment,
  { as, variables = () => ({}) }: BudgetCase,
  query: string,
  expected: Budget,
) {
  const values = { ...(await variables()) };
  const send = () => environment.send(query, { as, variables: values });
  return countWaves(environment, send, toWaves(expected));
}

/** Finds the deepest fields without which the surplus is smaller. */
async function findCauses(
  below: (path?: string) => string[],
  isCause: (path: string) => Promise<boolean>,
  parent = '',
): Promise<string[]> {
  const causes: string[] = [];
  for (const path of below(parent)) {
    if (!(await isCause(path))) continue;
    const deeper = await findCauses(below, isCause, path);
    causes.push(...(deeper.length > 0 ? deeper : [path]));
  }
  return causes;
}

interface Deviation {
  readonly name: string;
  readonly budget: Budget;
  readonly waves: Waves;
  readonly surplus: readonly string[];
  readonly missing: readonly string[];
  readonly causes: readonly string[];
}

function formatFailure({ name, budget, waves, surplus, missing, causes }: Deviation): string {
  const expected = toWaves(budget);
  const lines = [
    `${name}: the budget is ${summarize(expected)}, but it makes ${summarize(waves)}.`,
    `  budget:   ${formatWaves(expected)}`,
    `  actual:   ${formatWaves(waves)}`,
  ];
  if (surplus.length > 0) {
    const cause = causes.length > 0 ? causes.join(', ') : 'no field, also made without any';
    lines.push(`  surplus:  ${formatCalls(surplus)}`, `  cause:    ${cause}`);
  }
  if (missing.length > 0) lines.push(`  missing:  ${formatCalls(missing)}`);
  if (surplus.length === 0) lines.push('  The budget is too high: lower it to the actual calls.');
  return lines.join('\n');
}

const formatWaves = (waves: Waves): string =>
  waves.map((wave) => formatCalls(wave)).join('; then ') || 'none';

/** "2 × usersByIds, announcements" */
const formatCalls = (calls: readonly string[]): string =>
  [...Map.groupBy(calls, (call) => call)]
    .map(([call, { length }]) => (length > 1 ? `${length} × ${call}` : call))
    .sort()
    .join(', ');
