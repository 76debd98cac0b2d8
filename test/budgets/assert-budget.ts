import assert from 'node:assert/strict';
import { EXAMPLES } from '../bff/operation-examples.ts';
import type { GatedEnvironment } from '../cache/environment.ts';
import {
  type Budget,
  moreIn,
  sumOf,
  toWaves,
  type Waves,
  withoutCallsFor,
} from './call-budgets.ts';
import { countWaves } from './call-waves.ts';
import { createSelection } from './selection.ts';

/** A committed operation, and what it may cost. */
export interface Case {
  readonly name: string;
  readonly source: string;
  readonly budget: Budget;
  /** Instead of those of the example. */
  readonly variables?: object | undefined;
}

/**
 * Sees that an operation makes exactly the calls that are meant, in exactly the waves.
 * @returns the answer
 * @throws AssertionError that names the operation, its budget, what was called, and the fields which
 *   that is too much for, or the calls that were not made
 */
export async function assertBudget(
  desk: GatedEnvironment,
  { name, source, budget, variables }: Case,
) {
  const ask = (query: string, expected: Budget) => run(desk, name, query, expected, variables);
  // What is only there for the first request, connections and keys, is there for the second.
  await ask(source, budget);
  const { answer, waves } = await ask(source, budget);
  assert.equal(answer.body.errors, undefined, `${name}: ${JSON.stringify(answer.body.errors)}`);
  const meant = toWaves(budget);
  const surplus = moreIn(waves, meant);
  const missing = moreIn(meant, waves);
  if (surplus.length + missing.length === 0) return answer;

  const selection = createSelection(source);
  const surplusIn = chooseMeasure(waves, meant);
  const isCause = async (path: string) => {
    const rest = withoutCallsFor(budget, path);
    const { waves: left } = await ask(selection.without(path), rest);
    return surplusIn(left, toWaves(rest)) < surplusIn(waves, meant);
  };
  const causes = surplus.length > 0 ? await findCauses(selection.below, isCause) : [];
  assert.fail(explain({ name, budget, waves, surplus, missing, causes }));
}

/**
 * How much too much is called, as far as it tells what it is because of: calls too many in whatever
 * wave, because others may only have had to wait for them; or, if there are none, those that have
 * waited first.
 */
function chooseMeasure(waves: Waves, meant: Waves): (waves: Waves, meant: Waves) => number {
  const inAll = (some: Waves, others: Waves) => moreIn([some.flat()], [others.flat()]).length;
  if (inAll(waves, meant) > 0) return inAll;
  const upTo = (wave: number) => (some: Waves, others: Waves) =>
    moreIn(some.slice(0, wave), others.slice(0, wave)).length;
  return upTo(1 + waves.findIndex((_, index) => upTo(index + 1)(waves, meant) > 0));
}

/** Asks with fresh variables: changes can be made once only. */
export async function run(
  desk: GatedEnvironment,
  name: string,
  query: string,
  expected: Budget,
  variables?: object,
) {
  const example = EXAMPLES[name];
  assert.ok(example, `${name} has no example in test/bff/operation-examples.ts`);
  const given = { ...(variables ?? (await example.variables(desk))) };
  const send = () => desk.send(query, { as: example.as, variables: given });
  return countWaves(desk, send, toWaves(expected));
}

/** The deepest fields without which it would be less. */
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

interface Finding {
  readonly name: string;
  readonly budget: Budget;
  readonly waves: Waves;
  readonly surplus: readonly string[];
  readonly missing: readonly string[];
  readonly causes: readonly string[];
}

function explain({ name, budget, waves, surplus, missing, causes }: Finding): string {
  const meant = toWaves(budget);
  const lines = [
    `${name} may cost ${sumOf(meant)}, and costs ${sumOf(waves)}.`,
    `  meant:   ${list(meant)}`,
    `  called:  ${list(waves)}`,
  ];
  if (surplus.length > 0) {
    const cause = causes.length > 0 ? causes.join(', ') : 'no field: it is called without any';
    lines.push(`  too many: ${counted(surplus)}`, `  because of: ${cause}`);
  }
  if (missing.length > 0) lines.push(`  not made: ${counted(missing)}`);
  if (surplus.length === 0)
    lines.push('  The budget is too generous: write down what it costs now.');
  return lines.join('\n');
}

const list = (waves: Waves): string => waves.map((wave) => counted(wave)).join('; then ') || 'none';

/** "2 × usersByIds, announcements" */
const counted = (calls: readonly string[]): string =>
  [...Map.groupBy(calls, (call) => call)]
    .map(([call, { length }]) => (length > 1 ? `${length} × ${call}` : call))
    .sort()
    .join(', ');
