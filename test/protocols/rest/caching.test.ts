import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, beforeEach, describe, it } from 'node:test';
import { mobile } from '../../../bff-mobile/bff.ts';
import { partner } from '../../../bff-partner/bff.ts';
import { CAST } from '../../../services/support/cast.ts';
import { CACHED, EDGES, outcomeOf } from '../../cache/environment.ts';
import { clearCache } from '../../cache/shared-environment.ts';
import { type Environment, startEnvironment } from '../../support/environment.ts';
import { purge } from '../../support/purge.ts';
import { rest } from './rest-client.ts';

const PROFILE = 'GET /profiles/43';
const DASHBOARD = 'GET /dashboard';
const ME = { as: CAST.customer } as const;

const callsOf = (environment: Environment) => environment.calls().map(({ operation }) => operation);

describe('A stored REST response', () => {
  let environment: Environment;
  before(async () => {
    environment = await startEnvironment(mobile, { ...CACHED, ...EDGES });
  });
  beforeEach(async () => {
    environment.reset();
    await clearCache(environment, mobile);
  });
  after(() => environment[Symbol.asyncDispose]());

  it('is a hit with the same bytes and the headers that it has over GraphQL', async () => {
    const query = await readFile(new URL('PublicProfile.graphql', mobile.operations), 'utf8');
    const parameters = new URLSearchParams({ query, variables: '{"id":"43"}' });
    const { headers: expected } = await rest(environment, `GET /graphql?${parameters}`);
    const first = await rest(environment, PROFILE);
    environment.reset();
    const second = await rest(environment, PROFILE);
    assert.deepEqual([outcomeOf(first), outcomeOf(second)], ['stored', 'hit']);
    assert.equal(second.text, first.text);
    assert.deepEqual(environment.calls(), []);
    for (const name of ['cache-control', 'cdn-cache-control', 'vary', 'surrogate-key']) {
      assert.equal(first.headers.get(name), expected.get(name), name);
      assert.ok(expected.get(name), name);
    }
  });

  it('is another one than that of the same operation over GraphQL', async () => {
    const query = await readFile(new URL('Dashboard.graphql', mobile.operations), 'utf8');
    const graphql = () => environment.send(query, ME);
    const over = [await graphql(), await rest(environment, DASHBOARD, ME), await graphql()];
    assert.deepEqual(over.map(outcomeOf), ['stored', 'stored', 'hit']);
    const [first, dashboard, last] = over.map(({ body }) => body);
    assert.deepEqual(last, first);
    assert.deepEqual(dashboard, first.data.dashboard);
  });

  it('is not sent again to a client that has it', async () => {
    const { headers } = await rest(environment, PROFILE);
    const etag = headers.get('etag') ?? '';
    for (const method of ['GET', 'HEAD']) {
      const conditional = { headers: { 'if-none-match': etag } };
      const response = await rest(environment, PROFILE.replace('GET', method), conditional);
      assert.deepEqual([response.status, response.text], [304, '']);
      assert.equal(response.headers.get('etag'), etag);
    }
    const other = { headers: { 'if-none-match': '"other"' } };
    assert.equal((await rest(environment, PROFILE, other)).status, 200);
  });

  it('belongs to its viewer', async () => {
    const mine = await rest(environment, DASHBOARD, ME);
    assert.equal(mine.headers.get('cache-control'), 'private, no-cache');
    const other = await rest(environment, DASHBOARD, { as: CAST.otherCustomer });
    assert.equal(outcomeOf(other), 'stored');
    assert.notEqual(other.body.user.id, mine.body.user.id);
    assert.equal((await rest(environment, DASHBOARD)).status, 401);
  });

  it('is purged by its tags', async () => {
    await rest(environment, PROFILE);
    await purge(environment, 'User:43');
    assert.equal(outcomeOf(await rest(environment, PROFILE)), 'stored');
  });

  it('is compressed for clients that accept it', async () => {
    for (const outcome of ['stored', 'hit']) {
      const headers = { 'accept-encoding': 'br' };
      const response = await rest(environment, DASHBOARD, { ...ME, headers });
      assert.equal(outcomeOf(response), outcome);
      assert.equal(response.headers.get('content-encoding'), 'br');
      assert.equal(response.body.user.name, 'Amara Okafor');
    }
  });

  it('of a missing object is a 404 that calls no service, and that no other cache stores', async () => {
    const path = `GET /profiles/${CAST.deleted}`;
    const first = await rest(environment, path);
    assert.deepEqual(callsOf(environment), ['usersByIds']);
    environment.reset();
    const second = await rest(environment, path);
    assert.deepEqual(environment.calls(), []);
    for (const { status, headers, body } of [first, second]) {
      assert.deepEqual([status, body.code], [404, 'NOT_FOUND']);
      assert.equal(body.requestId, headers.get('x-request-id'));
      assert.equal(headers.get('cache-control'), 'no-store');
    }
    assert.equal(outcomeOf(second), 'hit');
  });

  it('is not used for a request that excludes it', async () => {
    await rest(environment, PROFILE);
    const headers = { 'cache-control': 'no-cache' };
    assert.equal(outcomeOf(await rest(environment, PROFILE, { headers })), 'stored');
  });

  it('is not made of a partial result', async () => {
    environment.services.order.control.faults({ '*': { status: 503 } });
    assert.equal(outcomeOf(await rest(environment, DASHBOARD, ME)), 'not stored');
    environment.services.order.control.faults({});
    const { body } = await rest(environment, DASHBOARD, ME);
    assert.deepEqual([body.orders.length, body.errors], [5, undefined]);
  });
});

describe('A change over REST', () => {
  it('purges the responses that it makes stale', async () => {
    await using environment = await startEnvironment(partner, CACHED);
    const list = () => rest(environment, 'GET /v1/orders?first=1', ME);
    const [before] = (await list()).body.orders.orders;
    assert.equal(outcomeOf(await list()), 'hit');
    const order = await rest(environment, 'POST /v1/orders', {
      ...ME,
      headers: { 'idempotency-key': 'caching-1' },
      body: { currency: 'EUR', items: [{ sku: 'PAPER-NOTE', quantity: 1 }] },
    });
    assert.equal(outcomeOf(order), 'not stored');
    const [after] = (await list()).body.orders.orders;
    assert.notEqual(after.id, before.id);
    assert.equal(after.id, order.body.order.id);
  });
});

describe('The rate limit of a REST endpoint', () => {
  it('is that of the viewer over GraphQL, with the same headers', async () => {
    await using environment = await startEnvironment(partner, { RATE_LIMIT_VIEWER: '60' });
    const first = await rest(environment, 'GET /v1/orders?first=20', ME);
    const policy = first.headers.get('ratelimit-policy') ?? '';
    assert.match(policy, /"viewer";q=60/);
    assert.match(first.headers.get('ratelimit') ?? '', /"viewer";r=\d+/);
    const over = await environment.send('{ __typename }', ME);
    assert.equal(over.headers.get('ratelimit-policy'), policy);
    let response = first;
    while (response.status === 200) {
      response = await rest(environment, 'GET /v1/orders?first=20', ME);
    }
    const { status, headers, body } = response;
    assert.deepEqual([status, body.status, body.code], [429, 429, 'RATE_LIMITED']);
    assert.ok(Number(headers.get('retry-after')) > 0);
    assert.equal(body.policy, 'viewer');
  });
});
