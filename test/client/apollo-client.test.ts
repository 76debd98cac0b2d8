import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { CombinedGraphQLErrors } from '@apollo/client/errors';
import { createPersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { relayStylePagination } from '@apollo/client/utilities';
import { parse } from 'graphql';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST, CUSTOMER_ORDERS, CUSTOMER_UNREAD } from '../../services/support/cast.ts';
import type { BffDefinition } from '../../src/bff.ts';
import { until } from '../support/until.ts';
import { authorization, type Json, startWorld, type World } from '../support/world.ts';

/** What went over the wire, and the code of the first error that came back. */
type Sent = { readonly method: string; readonly withText: boolean; readonly code?: string };

const sourceOf = ({ operations }: BffDefinition, name: string) =>
  readFile(new URL(`${name}.graphql`, operations), 'utf8');
const load = async (bff: BffDefinition, name: string) => parse(await sourceOf(bff, name));
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** User 42's app: its client, and all that it sends. */
async function connect({ endpoint }: World, ...links: ApolloLink[]) {
  const sent: Sent[] = [];
  const http = new HttpLink({
    uri: endpoint,
    headers: await authorization(CAST.customer),
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      const { errors }: Json = await response.clone().json();
      const withText = /[?&]query=|"query":/.test(
        JSON.stringify([url, init?.body]).replaceAll('\\', ''),
      );
      sent.push({ method: String(init?.method), withText, code: errors?.[0].extensions.code });
      return response;
    },
  });
  const typePolicies = { Viewer: { fields: { orders: relayStylePagination(['status']) } } };
  const cache = new InMemoryCache({ typePolicies });
  const client = new ApolloClient({ cache, link: ApolloLink.from([...links, http]) });
  return { client, sent, [Symbol.dispose]: () => client.stop() };
}

/** A query that is watched, as a view does, with all that it is told. */
async function watch(client: ApolloClient, bff: BffDefinition, name: string, variables = {}) {
  const query = client.watchQuery<Json>({ query: await load(bff, name), variables });
  const told: Json[] = [];
  query.subscribe(({ data }) => data && told.push(data));
  await until(() => told.length > 0);
  return { query, told };
}

test('the phone loads its first screen, every part of it', async () => {
  await using world = await startWorld(mobile);
  using app = await connect(world);
  const { data } = await app.client.query<Json>({ query: await load(mobile, 'Dashboard') });
  const { user, orders, notifications, unreadCount, announcements } = data.dashboard;
  assert.deepEqual([user.id, unreadCount], [CAST.customer, CUSTOMER_UNREAD]);
  assert.deepEqual([orders.length, notifications.length], [5, 5]);
  assert.ok(announcements.length > 0);
  assert.equal(app.sent.length, 1);
});

const ALL = '{ viewer { orders(first: 50) { edges { node { id } } } } }';
const PLACE = 'mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } } }';
const NEW_ORDER = { currency: 'GBP', items: [{ sku: 'CUP-STONE', quantity: 1 }] };

const nodesOf = (connection: Json): Json[] => connection.edges.map(({ node }: Json) => node);
const idsOf = ({ viewer }: Json): string[] => nodesOf(viewer.orders).map(({ id }) => id);

for (const orderedMeanwhile of [false, true]) {
  const when = orderedMeanwhile ? ', also when an order is placed between two pages' : '';

  test(`the web pages through all orders, newest first, each once${when}`, async () => {
    await using world = await startWorld(web);
    using app = await connect(world);
    const expected = await world.ask(ALL, { as: CAST.customer });
    const { query, told } = await watch(app.client, web, 'OrderList', { first: 7 });
    const shown = () => told.at(-1).viewer.orders;
    while (shown().pageInfo.hasNextPage) {
      if (orderedMeanwhile) await placeOrder(world);
      const { length } = shown().edges;
      await query.fetchMore({ variables: { after: shown().pageInfo.endCursor } });
      await until(() => shown().edges.length > length);
    }
    assert.equal(new Set(idsOf(told.at(-1))).size, CUSTOMER_ORDERS);
    assert.deepEqual(idsOf(told.at(-1)), idsOf(expected.body.data));
    const times = nodesOf(shown()).map(({ placedAt }) => placedAt);
    assert.deepEqual(times, times.toSorted().reverse());
  });
}

async function placeOrder(world: World): Promise<void> {
  const input = { ...NEW_ORDER, idempotencyKey: randomUUID() };
  const { body } = await world.ask(PLACE, { as: CAST.customer, variables: { input } });
  assert.ok(body.data.placeOrder.order.id);
}

test('lists of one status and of another are kept apart', async () => {
  await using world = await startWorld(web);
  using app = await connect(world);
  const all = await watch(app.client, web, 'OrderList');
  const cancelled = await watch(app.client, web, 'OrderList', { status: 'CANCELLED' });
  const statuses = nodesOf(cancelled.told[0].viewer.orders).map(({ status }) => status);
  assert.deepEqual([...new Set(statuses)], ['CANCELLED']);
  assert.deepEqual(all.query.getCurrentResult().data, all.told[0]);
});

/** What a view shows, which part of it a mutation changes, and how that shows. */
const CHANGES = [
  {
    bff: web,
    view: 'OrderList',
    parts: ({ viewer }: Json) => nodesOf(viewer.orders),
    mutation: 'CancelOrder',
    variables: (id: string) => ({ id }),
    done: ({ status }: Json) => status === 'CANCELLED',
  },
  {
    bff: web,
    view: 'NotificationList',
    parts: ({ viewer }: Json) => nodesOf(viewer.notifications),
    mutation: 'MarkNotificationsRead',
    variables: (id: string) => ({ ids: [id] }),
    done: ({ readAt }: Json) => readAt !== null,
  },
  {
    bff: mobile,
    view: 'Dashboard',
    parts: ({ dashboard }: Json) => [dashboard.user],
    mutation: 'UpdateProfile',
    variables: () => ({ input: { name: 'Ama Serwaa' } }),
    done: ({ name }: Json) => name === 'Ama Serwaa',
  },
];

for (const { bff, view, parts, mutation, variables, done } of CHANGES) {
  test(`${bff.name}: what ${mutation} changed is seen by a watched ${view}, without a call`, async () => {
    await using world = await startWorld(bff);
    using app = await connect(world);
    const { told } = await watch(app.client, bff, view);
    const { id } = parts(told[0]).find((part) => !done(part));
    const document = await load(bff, mutation);
    await app.client.mutate({ mutation: document, variables: variables(id) });
    await until(() => done(parts(told.at(-1)).find((part) => part.id === id)));
    assert.equal(app.sent.length, 2, 'the query and the mutation');
  });
}

test('a part that can not be had is null beside the others, with its code and path', async () => {
  await using world = await startWorld(mobile);
  using app = await connect(world);
  world.services.order.control.faults({ '*': { status: 503 } });
  const query = await load(mobile, 'Dashboard');
  const { data, error } = await app.client.query<Json>({ query, errorPolicy: 'all' });
  const { orders, ...others } = data.dashboard;
  assert.equal(orders, null);
  for (const [part, value] of Object.entries(others)) assert.notEqual(value, null, part);
  assert.ok(CombinedGraphQLErrors.is(error));
  const told = error.errors.map(({ path, extensions }) => [path, extensions?.code]);
  assert.deepEqual(told, [[['dashboard', 'orders'], 'UPSTREAM_UNAVAILABLE']]);
});

const HIT = { method: 'GET', withText: false, code: undefined };
const MISS = { ...HIT, code: 'PERSISTED_QUERY_NOT_FOUND' };

/** Sends hashes over GET: of what the client prints, unless another hash is given. */
const byHash = (hash: { generateHash: () => string } | { sha256: typeof sha256 } = { sha256 }) =>
  createPersistedQueryLink({ ...hash, useGETForHashedQueries: true });

test('a committed operation is known by the hash of its file from the first request on', async () => {
  await using world = await startWorld(mobile);
  const source = await sourceOf(mobile, 'Dashboard');
  using app = await connect(world, byHash({ generateHash: () => sha256(source) }));
  const { data } = await app.client.query<Json>({ query: parse(source) });
  assert.equal(data.dashboard.user.id, CAST.customer);
  assert.deepEqual(app.sent, [HIT]);
});

test('a committed operation is known as the client prints it, at once', async () => {
  await using world = await startWorld(mobile);
  using app = await connect(world, byHash());
  const { data } = await app.client.query<Json>({ query: await load(mobile, 'Dashboard') });
  assert.equal(data.dashboard.user.__typename, 'User');
  assert.deepEqual(app.sent, [HIT]);
});

test('an operation that is not committed is registered once, then known to every client', async () => {
  await using world = await startWorld(mobile);
  const query = parse('query Mine { dashboard { unreadCount } }');
  for (const expected of [[MISS, { ...HIT, method: 'POST', withText: true }], [HIT]]) {
    using app = await connect(world, byHash());
    const { data } = await app.client.query<Json>({ query });
    assert.equal(data.dashboard.unreadCount, CUSTOMER_UNREAD);
    assert.deepEqual(app.sent, expected);
  }
});
