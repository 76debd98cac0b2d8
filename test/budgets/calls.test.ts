import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
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
import { assertBudget, type Case, run } from './assert-budget.ts';
import { parseBudgets, readBudgets, toWaves, withoutCallsFor } from './call-budgets.ts';
import { startDesk } from './call-waves.ts';
import { createSelection } from './selection.ts';

const bffs = await Promise.all(bffNames().map(loadBff));

/** Where the example asks for less than would show one call for each object of a list. */
const VARIABLES: Readonly<Record<string, object>> = { RecentOrders: { first: 50 } };

/** The committed operations of a BFF, and what they may cost. */
function casesOf(bff: BffDefinition): ReadonlyMap<string, Case> {
  const budgets = readBudgets(bff.name);
  const documents = loadCommittedOperations(bff.operations, buildSchema(bff));
  return new Map(
    documents.map(({ name, source }) => [
      name,
      { name, source, budget: budgets.get(name) ?? [], variables: VARIABLES[name] },
    ]),
  );
}

for (const bff of bffs) {
  describe(`what the ${bff.name} BFF costs the services`, () => {
    const cases = casesOf(bff);
    let desk: GatedEnvironment;
    before(async () => {
      desk = await startDesk(bff);
    });
    after(() => desk[Symbol.asyncDispose]());

    it('has a budget for each committed operation, and no other', () => {
      assert.deepEqual([...readBudgets(bff.name).keys()].sort(), [...cases.keys()]);
    });

    for (const each of cases.values()) {
      const { name, source, budget, variables } = each;
      it(`is what is meant for ${name}`, async () => {
        await assertBudget(desk, each);
      });

      it(`is for the fields of ${name} that it is meant for`, async () => {
        const selection = createSelection(source);
        for (const field of new Set(budget.flatMap(({ fields }) => fields))) {
          assert.ok(selection.paths().includes(field), `${name} does not ask for ${field}`);
          const rest = withoutCallsFor(budget, field);
          const { waves } = await run(desk, name, selection.without(field), rest, variables);
          const sorted = waves.map((wave) => wave.sort());
          const meant = toWaves(rest).map((wave) => wave.toSorted());
          assert.deepEqual(sorted, meant, `${name} without ${field}`);
        }
      });
    }
  });
}

const caseOf = (bff: BffDefinition, name: string): Case => {
  const found = casesOf(bff).get(name);
  assert.ok(found);
  return found;
};

describe('what the services are asked for lists and screens', () => {
  it('is two calls, one after the other, for 50 orders with the customer of each', async () => {
    await using desk = await startDesk(web);
    const recentOrders = caseOf(web, 'RecentOrders');
    const { body } = await assertBudget(desk, recentOrders);
    const { recentOrders: orders } = body.data;
    assert.equal(orders.length, 50);
    // Null if the account was deleted.
    const customers = new Set(orders.map(({ customer }: Json) => customer?.id));
    assert.ok(customers.size > 25, 'the orders must be those of many customers');
    assert.deepEqual(toWaves(recentOrders.budget), [['recentOrders'], ['usersByIds']]);
  });

  it('is one wave for the screens that a client opens with', () => {
    assert.equal(toWaves(caseOf(mobile, 'Dashboard').budget).length, 1);
    assert.equal(toWaves(caseOf(web, 'Home').budget).length, 1);
  });
});

type Resolve = (parent: Json, args: object, context: RequestContext) => unknown;

/** The same BFF with some fields resolved in another way, by type and name. */
function withFields(bff: BffDefinition, fields: Record<string, Record<string, Resolve>>) {
  const own: Json = bff === web ? webResolvers : mobileResolvers;
  const types = Object.entries(fields).map(([type, others]) => [type, { ...own[type], ...others }]);
  return { ...bff, resolvers: { ...own, ...Object.fromEntries(types) } };
}

/** What is said of an operation that costs other than it may. */
async function complaint(bff: BffDefinition, each: Case): Promise<string> {
  await using desk = await startDesk(bff);
  const asserted = assertBudget(desk, each);
  const error = await asserted.then(
    () => assert.fail('nothing is said'),
    (error: Error) => error,
  );
  return error.message;
}

describe('the guard of the budgets', () => {
  const dashboard = caseOf(mobile, 'Dashboard');

  it('names the field that makes one more call', async () => {
    const unreadCount: Resolve = async ({ id }, _args, { datasources }) => {
      const { users, notifications } = datasources;
      const more = users.page({ first: 1 });
      const [count] = await Promise.all([notifications.unreadCount(id), more]);
      return count;
    };
    const chatty = withFields(mobile, { Dashboard: { unreadCount } });
    assert.equal(
      await complaint(chatty, dashboard),
      `Dashboard may cost 5 calls in 1 wave, and costs 6 calls in 1 wave.
  meant:   announcements, notificationsByUsers, ordersByUsers, unreadByUsers, usersByIds
  called:  announcements, notificationsByUsers, ordersByUsers, searchUsers, unreadByUsers, usersByIds
  too many: searchUsers in wave 1
  because of: dashboard.unreadCount`,
    );
  });

  it('names the field that waits for what it does not need', async () => {
    const unreadCount: Resolve = async ({ id }, _args, { datasources }) => {
      await datasources.notifications.byUser(id, { first: 5 });
      return datasources.notifications.unreadCount(id);
    };
    const slow = withFields(mobile, { Dashboard: { unreadCount } });
    const said = await complaint(slow, dashboard);
    assert.match(said, /^Dashboard may cost 5 calls in 1 wave, and costs 5 calls in 2 waves\.$/m);
    assert.match(said, /^ {2}too many: unreadByUsers in wave 2$/m);
    assert.match(said, /^ {2}because of: dashboard\.unreadCount$/m);
    assert.match(said, /^ {2}not made: unreadByUsers in wave 1$/m);
  });

  it('names the field that asks once for each object of a list', async () => {
    const customer: Resolve = async ({ customerId: id }, _args, { datasources }) => {
      const { edges } = await datasources.users.page({ search: id, first: 1 });
      return edges[0]?.node ?? { id, name: '' };
    };
    const perOrder = withFields(web, { Order: { customer } });
    const recentOrders = { ...caseOf(web, 'RecentOrders'), variables: { first: 20 } };
    const said = await complaint(perOrder, recentOrders);
    assert.match(said, /may cost 2 calls in 2 waves, and costs \d\d calls in 2 waves\.$/m);
    assert.match(said, /^ {2}too many: \d\d × searchUsers in wave 2$/m);
    assert.match(said, /^ {2}because of: recentOrders\.customer$/m);
  });

  it('names the field that keeps another one waiting, and not the other', async () => {
    const order: Resolve = async (_parent, { id }: Json, { datasources }) => {
      await datasources.users.page({ first: 1 });
      return datasources.orders.byId(id);
    };
    const said = await complaint(withFields(web, { Query: { order } }), caseOf(web, 'OrderDetail'));
    assert.match(said, /^ {2}too many: searchUsers in wave 2, usersByIds in wave 3$/m);
    assert.match(said, /^ {2}because of: order$/m);
  });

  it('names every field that does, and none that lies above or beside it', async () => {
    const total: Resolve = async ({ total }, _args, { datasources }) => {
      await datasources.users.page({ first: 2 });
      return total;
    };
    const title: Resolve = async ({ title }, _args, { datasources }) => {
      await datasources.users.page({ first: 3 });
      return title;
    };
    const chatty = withFields(mobile, { Order: { total }, Notification: { title } });
    const said = await complaint(chatty, dashboard);
    assert.match(
      said,
      /^ {2}because of: dashboard\.orders\.total, dashboard\.notifications\.title$/m,
    );
  });

  it('says so when it is no field', async () => {
    await using desk = await startDesk(mobile);
    const { send } = desk;
    const asking: GatedEnvironment = {
      ...desk,
      send: async (query, how) => {
        const [answer] = await Promise.all([
          send(query, how),
          query === '{ __typename }' ? undefined : send('{ announcements { id } }'),
        ]);
        return answer;
      },
    };
    await assert.rejects(
      assertBudget(asking, caseOf(mobile, 'PublicProfile')),
      /too many: announcements in wave 1\n {2}because of: no field: it is called without any$/,
    );
  });

  it('refuses a budget for more than is called', async () => {
    const idle = withFields(mobile, { Dashboard: { unreadCount: () => 0 } });
    assert.equal(
      await complaint(idle, dashboard),
      `Dashboard may cost 5 calls in 1 wave, and costs 4 calls in 1 wave.
  meant:   announcements, notificationsByUsers, ordersByUsers, unreadByUsers, usersByIds
  called:  announcements, notificationsByUsers, ordersByUsers, usersByIds
  not made: unreadByUsers in wave 1
  The budget is too generous: write down what it costs now.`,
    );
  });

  it('refuses a budget that does not read as one, or whose sums are wrong', () => {
    const call = '  1  usersByIds  me.user';
    const parse = (text: string) => () => parseBudgets(text, 'x.txt');
    assert.equal(parse(`Me: 1 call in 1 wave\n${call}\n`)().size, 1);
    assert.throws(parse(`Me: 2 calls in 1 wave\n${call}`), /x\.txt lists .*1 call in 1 wave/);
    assert.throws(
      parse(`Me: 1 call in 2 waves\n${call}`),
      /lists calls for "Me: 1 call in 1 wave"/,
    );
    assert.throws(parse(call), /x\.txt does not read as a budget/);
    assert.throws(parse(`Me: 1 call in 1 wave\n  1  usersByIds`), /does not read as a budget/);
    const me = `Me: 1 call in 1 wave\n${call}\n`;
    assert.throws(parse(me + me), /does not read as a budget: Me/);
  });
});
