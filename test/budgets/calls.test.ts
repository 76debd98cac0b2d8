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
import { resolvers as mobileResolvers } from '../../bff-mobile/resolvers.ts';
import { web } from '../../bff-web/bff.ts';
import { resolvers as webResolvers } from '../../bff-web/resolvers.ts';
import type { BffDefinition } from '../../src/bff.ts';
import type { RequestContext } from '../../src/context.ts';
import { loadCommittedOperations } from '../../src/operations/index.ts';
import { buildSchema } from '../../src/server/build-schema.ts';
import { bffNames, loadBff } from '../../tools/tree.ts';
import type { GatedEnvironment } from '../cache/environment.ts';
import type { Json } from '../support/environment.ts';
import { assertBudget, type BudgetCase, countCalls } from './assert-budget.ts';
import { parseBudgets, readBudgets, toWaves, withoutField } from './call-budgets.ts';
import { startUncached } from './call-waves.ts';
import { createSelection } from './selection.ts';

const bffs = await Promise.all(bffNames().map(loadBff));

/** More than the example, so that one call per element of a list would show. */
const VARIABLES: Readonly<Record<string, object>> = { RecentOrders: { first: 50 } };

/** The committed operations of a BFF with their budgets. */
function casesOf(bff: BffDefinition): ReadonlyMap<string, BudgetCase> {
  const budgets = readBudgets(bff.name);
  const documents = loadCommittedOperations(bff.operations, buildSchema(bff));
  return new Map(
    documents.map(({ name, source }) => [
      name,
      { name, source, budget: budgets.get(name) ?? [], variables: VARIABLES[name] },
    ]),
  );
}

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

for (const bff of bffs) {
  describe(`The call budget of the ${bff.name} BFF`, () => {
    const cases = casesOf(bff);

    it('has an entry for each committed operation, and no other', () => {
      assert.deepEqual([...readBudgets(bff.name).keys()].sort(), [...cases.keys()]);
    });

    for (const each of cases.values()) {
      const { name, source, budget, variables } = each;
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
          const { waves } = await countCalls(environment, name, query, rest, variables);
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

type Resolve = (parent: Json, args: object, context: RequestContext) => unknown;

/** The BFF with other resolvers for some fields, by type and name. */
function withResolvers(bff: BffDefinition, fields: Record<string, Record<string, Resolve>>) {
  const own: Json = bff === web ? webResolvers : mobileResolvers;
  const types = Object.entries(fields).map(([type, others]) => [type, { ...own[type], ...others }]);
  return { ...bff, resolvers: { ...own, ...Object.fromEntries(types) } };
}

/** The message of `assertBudget` for an operation that does not meet its budget. */
async function failureOf(bff: BffDefinition, budgetCase: BudgetCase): Promise<string> {
  await using environment = await startUncached(bff);
  const error = await assertBudget(environment, budgetCase).then(
    () => assert.fail('the budget is met'),
    (error: Error) => error,
  );
  return error.message;
}

describe('assertBudget', () => {
  const dashboard = caseOf(mobile, 'Dashboard');

  it('names the field that makes one more call', async () => {
    const unreadCount: Resolve = async ({ id }, _args, { datasources }) => {
      const { users, notifications } = datasources;
      const more = users.page({ first: 1 });
      const [count] = await Promise.all([notifications.unreadCount(id), more]);
      return count;
    };
    const chatty = withResolvers(mobile, { Dashboard: { unreadCount } });
    assert.equal(
      await failureOf(chatty, dashboard),
      `Dashboard: the budget is 5 calls in 1 wave, but it makes 6 calls in 1 wave.
  budget:   announcements, notificationsByUsers, ordersByUsers, unreadByUsers, usersByIds
  actual:   announcements, notificationsByUsers, ordersByUsers, searchUsers, unreadByUsers, usersByIds
  surplus:  searchUsers in wave 1
  cause:    dashboard.unreadCount`,
    );
  });

  it('names the field that waits for a call that it does not need', async () => {
    const unreadCount: Resolve = async ({ id }, _args, { datasources }) => {
      await datasources.notifications.byUser(id, { first: 5 });
      return datasources.notifications.unreadCount(id);
    };
    const slow = withResolvers(mobile, { Dashboard: { unreadCount } });
    const message = await failureOf(slow, dashboard);
    assert.match(
      message,
      /^Dashboard: the budget is 5 calls in 1 wave, but it makes 5 calls in 2 waves\.$/m,
    );
    assert.match(message, /^ {2}surplus: {2}unreadByUsers in wave 2$/m);
    assert.match(message, /^ {2}cause: {4}dashboard\.unreadCount$/m);
    assert.match(message, /^ {2}missing: {2}unreadByUsers in wave 1$/m);
  });

  it('names the field that makes a call for each element of a list', async () => {
    const customer: Resolve = async ({ customerId: id }, _args, { datasources }) => {
      const { edges } = await datasources.users.page({ search: id, first: 1 });
      return edges[0]?.node ?? { id, name: '' };
    };
    const perOrder = withResolvers(web, { Order: { customer } });
    const recentOrders = { ...caseOf(web, 'RecentOrders'), variables: { first: 20 } };
    const message = await failureOf(perOrder, recentOrders);
    assert.match(
      message,
      /the budget is 2 calls in 2 waves, but it makes \d\d calls in 2 waves\.$/m,
    );
    assert.match(message, /^ {2}surplus: {2}\d\d × searchUsers in wave 2$/m);
    assert.match(message, /^ {2}cause: {4}recentOrders\.customer$/m);
  });

  it('names the field that delays another one, not the delayed one', async () => {
    const order: Resolve = async (_parent, { id }: Json, { datasources }) => {
      await datasources.users.page({ first: 1 });
      return datasources.orders.byId(id);
    };
    const message = await failureOf(
      withResolvers(web, { Query: { order } }),
      caseOf(web, 'OrderDetail'),
    );
    assert.match(message, /^ {2}surplus: {2}searchUsers in wave 2, usersByIds in wave 3$/m);
    assert.match(message, /^ {2}cause: {4}order$/m);
  });

  it('names every cause, and no parent or sibling of one', async () => {
    const total: Resolve = async ({ total }, _args, { datasources }) => {
      await datasources.users.page({ first: 2 });
      return total;
    };
    const title: Resolve = async ({ title }, _args, { datasources }) => {
      await datasources.users.page({ first: 3 });
      return title;
    };
    const chatty = withResolvers(mobile, { Order: { total }, Notification: { title } });
    const message = await failureOf(chatty, dashboard);
    assert.match(
      message,
      /^ {2}cause: {4}dashboard\.orders\.total, dashboard\.notifications\.title$/m,
    );
  });

  it('reports a call that no field causes', async () => {
    const environment = await environmentOf(mobile);
    const { send } = environment;
    const withExtraCall: GatedEnvironment = {
      ...environment,
      send: async (query, options) => {
        const [response] = await Promise.all([
          send(query, options),
          query === '{ __typename }' ? undefined : send('{ announcements { id } }'),
        ]);
        return response;
      },
    };
    await assert.rejects(
      assertBudget(withExtraCall, caseOf(mobile, 'PublicProfile')),
      /surplus: {2}announcements in wave 1\n {2}cause: {4}no field, also made without any$/,
    );
  });

  it('rejects a budget that is higher than the actual calls', async () => {
    const idle = withResolvers(mobile, { Dashboard: { unreadCount: () => 0 } });
    assert.equal(
      await failureOf(idle, dashboard),
      `Dashboard: the budget is 5 calls in 1 wave, but it makes 4 calls in 1 wave.
  budget:   announcements, notificationsByUsers, ordersByUsers, unreadByUsers, usersByIds
  actual:   announcements, notificationsByUsers, ordersByUsers, usersByIds
  missing:  unreadByUsers in wave 1
  The budget is too high: lower it to the actual calls.`,
    );
  });

  it('rejects an invalid table, and one whose sums are wrong', () => {
    const call = '  1  usersByIds  me.user';
    const parse = (text: string) => () => parseBudgets(text, 'x.txt');
    assert.equal(parse(`Me: 1 call in 1 wave\n${call}\n`)().size, 1);
    assert.throws(
      parse(`Me: 2 calls in 1 wave\n${call}`),
      /x\.txt: the calls add up to .*1 call in 1 wave/,
    );
    assert.throws(
      parse(`Me: 1 call in 2 waves\n${call}`),
      /the calls add up to "Me: 1 call in 1 wave"/,
    );
    assert.throws(parse(call), /x\.txt: invalid line/);
    assert.throws(parse(`Me: 1 call in 1 wave\n  1  usersByIds`), /invalid line/);
    const me = `Me: 1 call in 1 wave\n${call}\n`;
    assert.throws(parse(me + me), /invalid line: Me/);
  });
});
