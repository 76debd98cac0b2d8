/*
 * The upstream calls of every committed operation of every BFF, in waves.
 *
 * Property: an operation makes exactly the calls of its budget (<bff>.txt), in exactly these waves,
 * for exactly these fields: without a field, its calls are gone.
 * Cases: the committed operations, with the variables of ../bff/operation-examples.ts.
 * A failure names the fields that cause the surplus.
 */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import type { BffDefinition } from '../../src/bff.ts';
import { bffNames, loadBff } from '../../tools/tree.ts';
import { EXAMPLES } from '../bff/operation-examples.ts';
import type { GatedEnvironment } from '../cache/environment.ts';
import { committedOf } from '../support/committed.ts';
import type { Json } from '../support/environment.ts';
import { assertBudget, type BudgetCase, countCalls } from './assert-budget.ts';
import { readBudgets, toWaves, withoutField } from './call-budgets.ts';
import { startUncached } from './call-waves.ts';
import { createSelection } from './selection.ts';

const bffs = await Promise.all(bffNames().map(loadBff));

/** More than the example, so that one call per element of a list would show. */
const VARIABLES: Readonly<Record<string, object>> = { RecentOrders: { first: 50 } };

const environments = new Map<string, Promise<GatedEnvironment>>();
after(async () => {
  for (const environment of environments.values()) await (await environment)[Symbol.asyncDispose]();
});

/** The environment of a BFF, which all tests share. */
function environmentOf(bff: BffDefinition): Promise<GatedEnvironment> {
  const environment = environments.get(bff.name) ?? startUncached(bff);
  environments.set(bff.name, environment);
  return environment;
}

/** The committed queries and mutations of a BFF with their budgets. */
function casesOf(bff: BffDefinition): ReadonlyMap<string, BudgetCase> {
  const budgets = readBudgets(bff.name);
  return new Map(
    committedOf(bff).requests.map(({ name, source }) => {
      const example = EXAMPLES[name];
      assert.ok(example, `${name} has no example in test/bff/operation-examples.ts`);
      const variables = async () =>
        VARIABLES[name] ?? (await example.variables(await environmentOf(bff)));
      return [name, { name, source, budget: budgets.get(name) ?? [], as: example.as, variables }];
    }),
  );
}

for (const bff of bffs) {
  describe(`The call budget of the ${bff.name} BFF`, () => {
    const cases = casesOf(bff);

    it('has an entry for each committed operation, and no other', () => {
      assert.deepEqual([...readBudgets(bff.name).keys()].sort(), [...cases.keys()]);
    });

    for (const each of cases.values()) {
      const { name, source, budget } = each;
      it(`is met by ${name}`, async () => {
        await assertBudget(await environmentOf(bff), each);
      });

      it(`names the fields of ${name} that need each call`, async () => {
        const environment = await environmentOf(bff);
        const selection = createSelection(source);
        for (const field of new Set(budget.flatMap(({ fields }) => fields))) {
          assert.ok(selection.paths().includes(field), `${name} does not select ${field}`);
          const rest = withoutField(budget, field);
          const query = selection.without(field);
          const { waves } = await countCalls(environment, each, query, rest);
          const actual = waves.map((wave) => wave.sort());
          const expected = toWaves(rest).map((wave) => wave.toSorted());
          assert.deepEqual(actual, expected, `${name} without ${field}`);
        }
      });
    }
  });
}

const caseOf = (bff: BffDefinition, name: string): BudgetCase => {
  const found = casesOf(bff).get(name);
  assert.ok(found);
  return found;
};

describe('A call budget', () => {
  it('is two calls, one after the other, for 50 orders with the customer of each', async () => {
    const recentOrders = caseOf(web, 'RecentOrders');
    const { body } = await assertBudget(await environmentOf(web), recentOrders);
    const { recentOrders: orders } = body.data;
    assert.equal(orders.length, 50);
    // Null if the account was deleted.
    const customers = new Set(orders.map(({ customer }: Json) => customer?.id));
    assert.ok(customers.size > 25, 'the orders must be those of many customers');
    assert.deepEqual(toWaves(recentOrders.budget), [['recentOrders'], ['usersByIds']]);
  });

  it('is one wave for the first screen of a client', () => {
    assert.equal(toWaves(caseOf(mobile, 'Dashboard').budget).length, 1);
    assert.equal(toWaves(caseOf(web, 'Home').budget).length, 1);
  });
});
