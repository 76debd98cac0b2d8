import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import type { BffDefinition } from '../../src/bff.ts';
import type { Json, TestResponse } from '../support/environment.ts';
import { until } from '../support/until.ts';
import {
  assertCached,
  type GatedEnvironment,
  outcomeOf,
  type Query,
  send,
  sendAll,
} from './environment.ts';
import {
  CUSTOMER,
  cancelOrder,
  DASHBOARD,
  markRead,
  nextPageQuery,
  ORDERS,
  OTHER_CUSTOMER,
  placeOrder,
  rename,
  unreadIds,
} from './queries.ts';
import { shareGated } from './shared-environment.ts';

const orders = { as: CUSTOMER, query: ORDERS.orders ?? '' };
const isSame = (one: TestResponse, other: TestResponse) =>
  JSON.stringify(one.body) === JSON.stringify(other.body);

/** The users whose orders a call reads. */
const usersIn = ({ url }: { readonly url: string }): string[] =>
  new URL(url, 'http://x').searchParams.get('users')?.split(',') ?? [];

interface LateResponse {
  readonly query: (environment: GatedEnvironment) => Promise<Query> | Query;
  /** The service whose response is held back. */
  readonly service: keyof GatedEnvironment['gates'];
  readonly path: RegExp;
  readonly change: (environment: GatedEnvironment) => Promise<Query> | Query;
}

/** Cancels the third newest order: the first on the page after two. */
async function cancelThird(environment: GatedEnvironment): Promise<Query> {
  const { orders } = await environment.read('order', `/orders?user=${CUSTOMER}&limit=3`);
  return cancelOrder(orders[2].id);
}

const LATE_RESPONSES: Readonly<Record<string, LateResponse>> = {
  'of a batch': {
    query: () => orders,
    service: 'order',
    path: /^\/orders\?users=/,
    change: () => placeOrder(),
  },
  'of a page': {
    async query(environment) {
      for (const order of [placeOrder(), placeOrder(), placeOrder()])
        await send(environment, order);
      return Object.values(await nextPageQuery(environment, CUSTOMER))[0] as Query;
    },
    service: 'order',
    path: /^\/orders\?user=/,
    change: cancelThird,
  },
  'for all staff': {
    query: () => ({ as: 'staff', query: '{ recentOrders(first: 3) { id } }' }),
    service: 'order',
    path: /^\/orders\?recent=/,
    change: () => placeOrder(),
  },
  'to a search': {
    query: () => ({
      as: 'staff',
      query: '{ customers(first: 50) { edges { node { id name } } } }',
    }),
    service: 'user',
    path: /^\/users\?limit=/,
    change: () => rename('2'),
  },
  'about one user': {
    query: () => ({ query: `{ profile(id: "${CUSTOMER}") { name } }` }),
    service: 'user',
    path: /^\/users\?ids=/,
    change: () => rename(),
  },
};

describe('Upstream response that arrives after a change', () => {
  const environment = shareGated(web);
  const mobileEnvironment = shareGated(mobile);

  for (const [label, { query: find, service, path, change }] of Object.entries(LATE_RESPONSES)) {
    it(`goes to the earlier request only: ${label}`, async () => {
      const query = await find(environment);
      const early = environment.gates[service].hold(path);
      const before = send(environment, query);
      await early.reaches(1);
      early.stopHolding();
      assert.equal((await send(environment, await change(environment))).body.errors, undefined);
      const after = await send(environment, query);
      assert.equal(outcomeOf(after), 'stored');
      early.release();
      const late = await before;
      assert.equal(late.body.errors, undefined);
      assert.equal(outcomeOf(late), 'not stored');
      assert.ok(!isSame(late, after));
      await assertCached(environment, query, after);
    });

    it(`is not stored if no request came in between: ${label}`, async () => {
      const query = await find(environment);
      const early = environment.gates[service].hold(path);
      const before = send(environment, query);
      await early.reaches(1);
      await send(environment, await change(environment));
      early.release();
      const late = await before;
      assert.equal(outcomeOf(late), 'not stored');
      const after = await send(environment, query);
      assert.equal(outcomeOf(after), 'stored');
      assert.ok(!isSame(late, after));
    });
  }

  it('is stored for the viewers of a batch that the change does not affect', async () => {
    const others = { ...orders, as: OTHER_CUSTOMER };
    const early = environment.gates.order.hold(/^\/orders\?users=/);
    const asked = await sendAll(environment, orders, others);
    await until(() => environment.calls().flatMap(usersIn).length === 2);
    await send(environment, placeOrder());
    early.release();
    const [own, other] = await asked.answers;
    assert.equal(own && outcomeOf(own), 'not stored');
    assert.equal(other && outcomeOf(other), 'stored');
    await assertCached(environment, others, other as TestResponse);
  });

  it('keeps earlier responses of the same execution out of the cache as well', async () => {
    const query = { as: CUSTOMER, query: DASHBOARD.dashboard ?? '' };
    const slow = mobileEnvironment.gates.order.hold(/^\/orders\?users=/);
    const before = send(mobileEnvironment, query);
    await slow.reaches(1);
    await until(() =>
      mobileEnvironment
        .calls()
        .some(({ operation, endedAt }) => operation === 'usersByIds' && endedAt),
    );
    await send(mobileEnvironment, rename(CUSTOMER, 'Renamed meanwhile'));
    slow.release();
    assert.equal(outcomeOf(await before), 'not stored');
    const after = await send(mobileEnvironment, query);
    assert.equal(after.body.data.dashboard.user.name, 'Renamed meanwhile');
  });
});

describe('Change in progress', () => {
  const environment = shareGated(web);

  it('lets answers be stored until its outcome is known', async () => {
    const answer = environment.gates.order.hold(/^\/orders$/);
    const changing = send(environment, placeOrder());
    await answer.reaches(1);
    assert.equal(outcomeOf(await send(environment, orders)), 'stored');
    assert.equal(outcomeOf(await send(environment, orders)), 'hit');
    answer.release();
    await changing;
    assert.equal(outcomeOf(await send(environment, orders)), 'stored');
  });
});

const CHANGES = 24;
const READERS = 6;
const MAX_DELAY_MS = 12;

/** The changes whose callers have got their answers. */
interface CompletedChanges {
  names: number;
  readonly orders: string[];
  unread: number;
}

const NODES = 'edges { node { id } }';
const READS: Readonly<Record<string, readonly Query[]>> = {
  web: [
    { query: `{ profile(id: "${CUSTOMER}") { name } }` },
    { as: CUSTOMER, query: '{ viewer { user { name } unreadCount } }' },
    { as: CUSTOMER, query: `{ viewer { orders(first: 50) { ${NODES} } user { name } } }` },
    { as: CUSTOMER, query: `{ viewer { orders(first: 50, status: PLACED) { ${NODES} } } }` },
    { as: 'staff', query: `{ customers(search: "Name No ") { edges { node { name } } } }` },
    { as: 'staff', query: '{ recentOrders(first: 50) { id } }' },
  ],
  mobile: [
    { query: `{ profile(id: "${CUSTOMER}") { name } }` },
    { as: CUSTOMER, query: '{ dashboard { user { name } orders(first: 20) { id } unreadCount } }' },
    { as: CUSTOMER, query: '{ dashboard { orders(first: 20) { id } } }' },
    { as: CUSTOMER, query: '{ dashboard { unreadCount user { name } } }' },
  ],
};

/** Asserts that an answer shows all changes that were complete when its request was sent. */
function assertShowsAll(
  { data, errors }: Json,
  query: string,
  { names, orders, unread }: CompletedChanges,
) {
  assert.equal(errors, undefined, JSON.stringify(errors));
  const text = JSON.stringify(data);
  const shown = [...text.matchAll(/Name No (\d+)/g)].map(([, number]) => Number(number));
  if (query.includes('name')) assert.ok(shown.length > 0 || names === 0, `${query}: ${text}`);
  assert.ok(
    shown.every((number) => number >= names),
    `${query}: ${shown} after ${names}`,
  );
  if (query.toLowerCase().includes('orders')) {
    const missing = orders.filter((id) => !text.includes(`"id":"${id}"`));
    assert.deepEqual(missing, [], query);
  }
  const count = /"unreadCount":(\d+)/.exec(text)?.[1];
  if (count) assert.ok(Number(count) <= unread, `${query}: ${count} unread after ${unread}`);
}

/** Makes changes one after the other, every third of them at the service. */
async function makeChanges(environment: GatedEnvironment, done: CompletedChanges): Promise<void> {
  const { user } = environment.services;
  const unread = await unreadIds(environment, CUSTOMER, CHANGES);
  for (let n = 1; n <= CHANGES; n++) {
    if (n % 3 === 0) {
      const direct = { method: 'PATCH', url: `/users/${CUSTOMER}` } as const;
      await user.inject({ ...direct, payload: { name: `Name No ${n}` } });
      done.names = n;
    } else if (n % 3 === 1) {
      assert.equal(
        (await send(environment, rename(CUSTOMER, `Name No ${n}`))).body.errors,
        undefined,
      );
      done.names = n;
    } else {
      const { body } = await send(environment, placeOrder());
      done.orders.push(body.data.placeOrder.order.id);
      await send(environment, markRead(unread.splice(0, 1)));
      done.unread--;
    }
  }
}

async function storm(environment: GatedEnvironment, bff: BffDefinition) {
  for (const { control } of Object.values(environment.services)) {
    control.subscribe([`${environment.adminUrl}/purge`]);
  }
  let delay = 0;
  for (const gate of Object.values(environment.gates)) {
    gate.setDelay(() => (delay = (delay * 7 + 5) % MAX_DELAY_MS));
    gate.setHeaders((path) =>
      path.startsWith('/.well-known') ? {} : { 'cache-control': 'max-age=2' },
    );
  }
  const { count } = await environment.read('notification', `/unread?user=${CUSTOMER}`);
  const done: CompletedChanges = { names: 0, orders: [], unread: count };
  const outcomes = new Set<string>();
  let isOver = false;

  const read = async (reader: number) => {
    const reads = READS[bff.name] ?? [];
    for (let n = reader; !isOver; n++) {
      const query = reads[n % reads.length] as Query;
      const before = { ...done, orders: [...done.orders] };
      const answer = await send(environment, query);
      outcomes.add(outcomeOf(answer));
      assertShowsAll(answer.body, query.query, before);
    }
  };
  const changing = makeChanges(environment, done).finally(() => {
    isOver = true;
  });
  await Promise.all([changing, ...Array.from({ length: READERS }, (_, reader) => read(reader))]);
  assert.ok(outcomes.has('hit') && outcomes.has('stored'), [...outcomes].join(', '));
}

describe('TestResponse during many concurrent reads and changes', () => {
  for (const bff of [web, mobile]) {
    describe(`of the ${bff.name} BFF`, () => {
      const environment = shareGated(bff);

      it('shows all changes that were complete when it was requested', () =>
        storm(environment, bff));
    });
  }
});
