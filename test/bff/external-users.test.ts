import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { EXTERNAL_USERS } from '../../services/support/cast.ts';
import { changeAt } from '../cache/invalidation-helpers.ts';
import { type Environment, type Json, startEnvironment } from '../support/environment.ts';
import { mutate } from './mutate.ts';

/*
 * Users whose ids an identity provider has chosen, through everything that an id passes: the token, calls
 * of the services with paths, queries and lists, the viewer assertion, the cache with its keys and tags,
 * purges by mutations and events, and the headers for shared caches.
 */

const VIEWER_KEY = 'a key of at least thirty-two characters';
/** No stand-in knows them, but lists of their objects are empty rather than missing. */
const LONG_USERS = ['x'.repeat(255), '|'.repeat(255), '陽'.repeat(255), '🦊'.repeat(255)];

const PLACE = `mutation ($key: ID!) { placeOrder(
  input: { idempotencyKey: $key, currency: "EUR", items: [{ sku: "PAPER-NOTE", quantity: 1 }] }
) { order { id } userErrors { code } } }`;
const RENAME = `mutation ($name: String!) { updateProfile(input: { name: $name }) {
  user { id name } userErrors { code } } }`;
const LISTS = `{ viewer { orders(first: 5) { edges { node { id } } } unreadCount
  notifications(first: 5) { edges { node { id } } } } }`;
const USER = '{ viewer { user { id name } } }';
const PROFILE = 'query ($id: ID!) { profile(id: $id) { id name } }';

/** The values of a list in a query, as a service reads it: decoded, split, and decoded once more. */
const itemsOf = (url: string, name: string): string[] =>
  (new URL(url, 'http://127.0.0.1').searchParams.get(name) ?? '')
    .split(',')
    .map(decodeURIComponent);

const userTag = (id: string): string =>
  `User:${encodeURIComponent(id).replace(/[.!~*'()]/g, (text) => `%${Buffer.from(text).toString('hex').toUpperCase()}`)}`;

const cacheStatus = ({ headers }: { headers: Headers }) => headers.get('cache-status') ?? '';

describe('A user of an identity provider', () => {
  let environment: Environment;
  before(async () => {
    environment = await startEnvironment(web, {
      CACHE_MEMORY_MB: '64',
      VIEWER_SIGNING_KEY: VIEWER_KEY,
      RATE_LIMIT_VIEWER: '100000',
    });
    for (const { control } of Object.values(environment.services)) {
      control.subscribe([`${environment.adminUrl}/purge`]);
    }
  });
  beforeEach(() => environment.reset());
  after(() => environment[Symbol.asyncDispose]());

  const read = async (query: string, as: string, variables = {}) => {
    const response = await environment.send(query, { as, variables });
    assert.equal(response.body.errors, undefined, `${as}: ${JSON.stringify(response.body.errors)}`);
    return response;
  };

  for (const id of EXTERNAL_USERS) {
    it(`"${id}" has an account, orders and a profile, which are cached and purged`, async () => {
      assert.equal((await read(USER, id)).body.data.viewer.user.id, id);
      await read(LISTS, id);
      assert.match(cacheStatus(await read(LISTS, id)), /hit/);

      const { order, userErrors } = await mutate(environment, PLACE, { key: 'first' }, id);
      assert.deepEqual(userErrors, []);
      const lists = await read(LISTS, id);
      assert.doesNotMatch(cacheStatus(lists), /hit/, 'the mutation purges the lists');
      assert.deepEqual(lists.body.data.viewer.orders.edges, [{ node: { id: order.id } }]);

      assert.equal((await read(PROFILE, 'anonymous', { id })).body.data.profile.id, id);
      const known = await read(PROFILE, 'anonymous', { id });
      assert.match(cacheStatus(known), /hit/);
      const { user } = await mutate(environment, RENAME, { name: `Renamed ${id}` }, id);
      assert.deepEqual(user, { id, name: `Renamed ${id}` });
      const renamed = await read(PROFILE, 'anonymous', { id });
      assert.doesNotMatch(cacheStatus(renamed), /hit/, 'the mutation purges the profile');
      assert.deepEqual(renamed.body.data.profile, user);

      const parameters = new URLSearchParams({ query: PROFILE, variables: JSON.stringify({ id }) });
      const { headers } = await fetch(`${environment.endpoint}?${parameters}`);
      for (const name of ['surrogate-key', 'cache-tag']) {
        const value = headers.get(name) ?? '';
        assert.match(value, /^[\w.:=&%-]+(?:[ ,][\w.:=&%-]+)*$/, 'one key is one word');
        assert.ok(value.split(/[ ,]/).includes(userTag(id)), value);
      }
    });
  }

  it('has the same tags at the services, whose events purge what the BFF has stored', async () => {
    const items = [{ sku: 'PAPER-NOTE', quantity: 1 }];
    for (const id of EXTERNAL_USERS) {
      await read(LISTS, id);
      await read(PROFILE, 'anonymous', { id });
      const path = `/users/${encodeURIComponent(id)}`;
      const name = { name: `Renamed again: ${id}` };
      await changeAt(environment, { service: 'user', path, method: 'PATCH', body: name });
      const order = { userId: id, currency: 'EUR', items };
      await changeAt(environment, { service: 'order', path: '/orders', body: order });
      assert.doesNotMatch(cacheStatus(await read(LISTS, id)), /hit/, id);
      const profile = await read(PROFILE, 'anonymous', { id });
      assert.doesNotMatch(cacheStatus(profile), /hit/, id);
    }
  });

  it('is one id in a list of ids, and never that of another user', async () => {
    const all = [...EXTERNAL_USERS, ...LONG_USERS];
    const responses = await Promise.all(
      all.map((as) => environment.send(LISTS, { as, headers: { 'cache-control': 'no-store' } })),
    );
    for (const { body } of responses) assert.equal(body.errors, undefined);
    const calls = environment.calls().filter(({ operation }) => operation === 'ordersByUsers');
    const asked = calls.flatMap(({ url }) => itemsOf(url, 'users'));
    assert.deepEqual(asked.toSorted(), all.toSorted());
    for (const { url } of calls) assert.ok(url.length < 8_192, `a URL of ${url.length} characters`);
    const orders = responses.map(({ body }) => body.data.viewer.orders.edges.map(toId));
    assert.equal(new Set(orders.flat()).size, orders.flat().length, 'no order has two owners');
  });

  it('is shown to staff as the customer of an order', async () => {
    const query = '{ recentOrders(first: 50) { id customer { id } } }';
    const { body } = await read(query, 'staff');
    const customers = new Set(body.data.recentOrders.map(({ customer }: Json) => customer?.id));
    for (const id of EXTERNAL_USERS) assert.ok(customers.has(id), id);
  });
});

describe('The dashboard of the phone', () => {
  it('has the parts of a user of an identity provider', async () => {
    await using environment = await startEnvironment(mobile);
    const query = `{ dashboard { user { id } orders(first: 3) { id } unreadCount
      notifications(first: 3) { id } } }`;
    for (const as of EXTERNAL_USERS) {
      const { body } = await environment.send(query, { as });
      const dashboard = { user: { id: as }, orders: [], unreadCount: 0, notifications: [] };
      assert.deepEqual(body, { data: { dashboard } });
    }
  });
});

const toId = ({ node }: Json): string => node.id;
