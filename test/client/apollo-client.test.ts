import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { beforeEach, describe, it } from 'node:test';
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { CombinedGraphQLErrors } from '@apollo/client/errors';
import { createPersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { relayStylePagination } from '@apollo/client/utilities';
import { parse } from 'graphql';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST, CUSTOMER_UNREAD } from '../../services/support/cast.ts';
import type { BffDefinition } from '../../src/bff.ts';
import { shareEnvironment } from '../cache/shared-environment.ts';
import {
  authorization,
  type Environment,
  type Json,
  startEnvironment,
} from '../support/environment.ts';
import { until } from '../support/until.ts';

/** One HTTP exchange: the method, whether the query text was sent, and the first error's code. */
type Exchange = { readonly method: string; readonly hasText: boolean; readonly code?: string };

const sourceOf = ({ operations }: BffDefinition, name: string) =>
  readFile(new URL(`${name}.graphql`, operations), 'utf8');
const load = async (bff: BffDefinition, name: string) => parse(await sourceOf(bff, name));
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** An Apollo client of user 42, and its HTTP exchanges. */
async function connect({ endpoint }: Environment, ...links: ApolloLink[]) {
  const sent: Exchange[] = [];
  const http = new HttpLink({
    uri: endpoint,
    headers: await authorization(CAST.customer),
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      const { errors }: Json = await response.clone().json();
      const hasText = /[?&]query=|"query":/.test(
        JSON.stringify([url, init?.body]).replaceAll('\\', ''),
      );
      sent.push({ method: String(init?.method), hasText, code: errors?.[0].extensions.code });
      return response;
    },
  });
  const typePolicies = { Viewer: { fields: { orders: relayStylePagination(['status']) } } };
  const cache = new InMemoryCache({ typePolicies });
  const client = new ApolloClient({ cache, link: ApolloLink.from([...links, http]) });
  return { client, sent, [Symbol.dispose]: () => client.stop() };
}

/** Watches a query as a view does, and collects its results. */
async function watch(client: ApolloClient, bff: BffDefinition, name: string, variables = {}) {
  const query = client.watchQuery<Json>({ query: await load(bff, name), variables });
  const results: Json[] = [];
  query.subscribe(({ data }) => data && results.push(data));
  await until(() => results.length > 0);
  return { query, results };
}

const ALL = '{ viewer { orders(first: 50) { edges { node { id } } } } }';
const PLACE = 'mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } } }';
const NEW_ORDER = { currency: 'GBP', items: [{ sku: 'CUP-STONE', quantity: 1 }] };

const nodesOf = (connection: Json): Json[] => connection.edges.map(({ node }: Json) => node);
const idsOf = ({ viewer }: Json): string[] => nodesOf(viewer.orders).map(({ id }) => id);

async function placeOrder(environment: Environment): Promise<void> {
  const input = { ...NEW_ORDER, idempotencyKey: randomUUID() };
  const { body } = await environment.send(PLACE, { as: CAST.customer, variables: { input } });
  assert.ok(body.data.placeOrder.order.id);
}

/** A view, the parts of it that a mutation changes, and how a changed part is recognised. */
const CHANGES = [
  {
    bff: web,
    view: 'OrderList',
    parts: ({ viewer }: Json) => nodesOf(viewer.orders),
    mutation: 'CancelOrder',
    variables: (id: string) => ({ id }),
    isChanged: ({ status }: Json) => status === 'CANCELLED',
  },
  {
    bff: web,
    view: 'NotificationList',
    parts: ({ viewer }: Json) => nodesOf(viewer.notifications),
    mutation: 'MarkNotificationsRead',
    variables: (id: string) => ({ ids: [id] }),
    isChanged: ({ readAt }: Json) => readAt !== null,
  },
  {
    bff: mobile,
    view: 'Dashboard',
    parts: ({ dashboard }: Json) => [dashboard.user],
    mutation: 'UpdateProfile',
    variables: () => ({ input: { name: 'Ama Serwaa' } }),
    isChanged: ({ name }: Json) => name === 'Ama Serwaa',
  },
];

const HIT = { method: 'GET', hasText: false, code: undefined };
const MISS = { ...HIT, code: 'PERSISTED_QUERY_NOT_FOUND' };

/** A link that sends hashes over GET: by default, of the text that the client prints. */
const byHash = (hash: { generateHash: () => string } | { sha256: typeof sha256 } = { sha256 }) =>
  createPersistedQueryLink({ ...hash, useGETForHashedQueries: true });

describe('Apollo Client', () => {
  const environments = {
    mobile: shareEnvironment(() => startEnvironment(mobile)),
    web: shareEnvironment(() => startEnvironment(web)),
  };
  beforeEach(() => {
    for (const environment of Object.values(environments)) environment.reset();
  });

  it('loads every part of the mobile dashboard with one request', async () => {
    using app = await connect(environments.mobile);
    const { data } = await app.client.query<Json>({ query: await load(mobile, 'Dashboard') });
    const { user, orders, notifications, unreadCount, announcements } = data.dashboard;
    assert.deepEqual([user.id, unreadCount], [CAST.customer, CUSTOMER_UNREAD]);
    assert.deepEqual([orders.length, notifications.length], [5, 5]);
    assert.ok(announcements.length > 0);
    assert.equal(app.sent.length, 1);
  });

  for (const hasNewOrders of [false, true]) {
    const when = hasNewOrders ? ', also if orders are placed between pages' : '';

    it(`pages through all orders, newest first, each once${when}`, async () => {
      using app = await connect(environments.web);
      const expected = await environments.web.send(ALL, { as: CAST.customer });
      const { query, results } = await watch(app.client, web, 'OrderList', { first: 7 });
      const shown = () => results.at(-1).viewer.orders;
      while (shown().pageInfo.hasNextPage) {
        if (hasNewOrders) await placeOrder(environments.web);
        const { length } = shown().edges;
        await query.fetchMore({ variables: { after: shown().pageInfo.endCursor } });
        await until(() => shown().edges.length > length);
      }
      assert.equal(new Set(idsOf(results.at(-1))).size, idsOf(expected.body.data).length);
      assert.deepEqual(idsOf(results.at(-1)), idsOf(expected.body.data));
      const times = nodesOf(shown()).map(({ placedAt }) => placedAt);
      assert.deepEqual(times, times.toSorted().reverse());
    });
  }

  it('keeps lists with different statuses apart', async () => {
    using app = await connect(environments.web);
    const all = await watch(app.client, web, 'OrderList');
    const cancelled = await watch(app.client, web, 'OrderList', { status: 'CANCELLED' });
    const statuses = nodesOf(cancelled.results[0].viewer.orders).map(({ status }) => status);
    assert.deepEqual([...new Set(statuses)], ['CANCELLED']);
    assert.deepEqual(all.query.getCurrentResult().data, all.results[0]);
  });

  for (const { bff, view, parts, mutation, variables, isChanged } of CHANGES) {
    it(`updates a watched ${view} of the ${bff.name} BFF after ${mutation} without another request`, async () => {
      const environment = environments[bff.name as keyof typeof environments];
      using app = await connect(environment);
      const { results } = await watch(app.client, bff, view);
      const { id } = parts(results[0]).find((part) => !isChanged(part));
      const document = await load(bff, mutation);
      await app.client.mutate({ mutation: document, variables: variables(id) });
      await until(() => isChanged(parts(results.at(-1)).find((part) => part.id === id)));
      assert.equal(app.sent.length, 2, 'the query and the mutation');
    });
  }

  it('gets a failed part as null beside the others, with an error that has its code and path', async () => {
    using app = await connect(environments.mobile);
    environments.mobile.services.order.control.faults({ '*': { status: 503 } });
    const query = await load(mobile, 'Dashboard');
    const { data, error } = await app.client.query<Json>({ query, errorPolicy: 'all' });
    const { orders, ...others } = data.dashboard;
    assert.equal(orders, null);
    for (const [part, value] of Object.entries(others)) assert.notEqual(value, null, part);
    assert.ok(CombinedGraphQLErrors.is(error));
    const failed = error.errors.map(({ path, extensions }) => [path, extensions?.code]);
    assert.deepEqual(failed, [[['dashboard', 'orders'], 'UPSTREAM_UNAVAILABLE']]);
  });

  it('can send the hash of a committed file from the first request on', async () => {
    const source = await sourceOf(mobile, 'Dashboard');
    using app = await connect(environments.mobile, byHash({ generateHash: () => sha256(source) }));
    const { data } = await app.client.query<Json>({ query: parse(source) });
    assert.equal(data.dashboard.user.id, CAST.customer);
    assert.deepEqual(app.sent, [HIT]);
  });

  it('can send the hash of a committed operation as it prints it from the first request on', async () => {
    using app = await connect(environments.mobile, byHash());
    const { data } = await app.client.query<Json>({ query: await load(mobile, 'Dashboard') });
    assert.equal(data.dashboard.user.__typename, 'User');
    assert.deepEqual(app.sent, [HIT]);
  });

  it('registers an operation that is not committed once, for all clients', async () => {
    const query = parse('query Mine { dashboard { unreadCount } }');
    for (const expected of [[MISS, { ...HIT, method: 'POST', hasText: true }], [HIT]]) {
      using app = await connect(environments.mobile, byHash());
      const { data } = await app.client.query<Json>({ query });
      assert.equal(data.dashboard.unreadCount, CUSTOMER_UNREAD);
      assert.deepEqual(app.sent, expected);
    }
  });
});
