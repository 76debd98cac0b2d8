import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { partner } from '../../bff-partner/bff.ts';
import {
  formatKey,
  formatKeyFile,
  type StoredKey,
  secretHash,
} from '../../src/auth/api-key-file.ts';
import { scoped } from '../../src/auth/rules.ts';
import { loadCommittedOperations } from '../../src/operations/index.ts';
import { documentHash } from '../../src/operations/operation.ts';
import { buildSchema } from '../../src/server/build-schema.ts';
import { MCP, post as postMessage, request, toolCall } from '../protocols/mcp/mcp-client.ts';
import { type Environment, startEnvironment, type TestResponse } from '../support/environment.ts';
import { skipWithoutRedis, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

/**
 * A replica counts alone while Redis takes longer than its timeout, which happens on a busy machine.
 * Without any sharing, two replicas would allow 2.
 */
const TOLERANCE = 1.4;
const SECRET = randomBytes(32).toString('base64url');
const committed = loadCommittedOperations(partner.operations, buildSchema(partner));
const RECENT_ORDERS = { query: committedText('RecentOrders'), variables: { first: 2 } };
const ORDER_DETAIL = { query: committedText('OrderDetail'), variables: { id: '1' } };
/** Costs one unit. */
const TYPENAME = { query: '{ __typename }' };

function committedText(name: string): string {
  const operation = committed.find((each) => each.name === name);
  assert.ok(operation);
  return operation.source;
}

type Limits = Partial<Pick<StoredKey, 'partner' | 'scopes' | 'unitsPerMinute' | 'operations'>>;

/** Writes a key file with these keys, by their ids. */
async function createKeyFile(keys: Readonly<Record<string, Limits>>) {
  const folder = await mkdtemp(join(tmpdir(), 'keys-'));
  const path = join(folder, 'keys.json');
  const stored = Object.entries(keys).map(
    ([id, limits]): StoredKey => ({
      id,
      partner: 'acme',
      hash: secretHash(SECRET).toString('hex'),
      scopes: ['orders:read'],
      createdAt: '2026-01-01T00:00:00Z',
      ...limits,
    }),
  );
  await writeFile(path, formatKeyFile(stored));
  return { path, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

async function startWith(keys: Readonly<Record<string, Limits>>, env: NodeJS.ProcessEnv = {}) {
  await using started = new AsyncDisposableStack();
  const file = started.use(await createKeyFile(keys));
  const environment = started.use(
    await startEnvironment(partner, { API_KEYS_PATH: file.path, ...env }),
  );
  const rest = started.move();
  return {
    environment,
    send: (id: string, body: unknown) => sendAs(environment, id, body),
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

const headersOf = (id: string) => ({ 'x-api-key': formatKey(id, SECRET) });

const sendAs = (environment: Environment, id: string, body: unknown): Promise<TestResponse> =>
  environment.post(body, headersOf(id));

/** Sends requests that cost one unit each. @returns the number of those before the first refusal */
async function countAllowed(send: (n: number) => Promise<TestResponse>, max: number) {
  for (let n = 0; n < max; n++) {
    const { status } = await send(n);
    if (status === 429) return n;
    assert.equal(status, 200);
  }
  return max;
}

async function untilRedisIsUp({ adminUrl }: Environment): Promise<void> {
  const isUp = async () =>
    (await (await fetch(`${adminUrl}/metrics`)).text()).includes('frontdesk_redis_up 1');
  await until(isUp);
}

function assertForbidden({ status, body }: TestResponse, what: string): void {
  assert.equal(status, 403, what);
  assert.equal(body.data, undefined, what);
  assert.equal(body.errors[0].extensions.code, 'FORBIDDEN', what);
  assert.match(body.errors[0].message, /^This API key may run certain registered operations/, what);
}

describe('An API key with its own rate limit', () => {
  it('is limited by it alone, and sees it in the headers', async () => {
    const keys = { small: { unitsPerMinute: 3 }, large: { unitsPerMinute: 7 } };
    await using server = await startWith(keys, { RATE_LIMIT_VIEWER: '100' });
    const { headers } = await server.send('small', TYPENAME);
    assert.equal(headers.get('ratelimit-policy'), '"viewer";q=3;w=60;qu="cost-units"');
    assert.match(headers.get('ratelimit') ?? '', /^"viewer";r=2;t=\d+$/);

    assert.equal(await countAllowed(() => server.send('small', TYPENAME), 20), 2);
    const refused = await server.send('small', TYPENAME);
    assert.equal(refused.headers.get('ratelimit-policy'), '"viewer";q=3;w=60;qu="cost-units"');
    const { policy, limit } = refused.body.errors[0].extensions;
    assert.deepEqual({ policy, limit }, { policy: 'viewer', limit: 3 });
    assert.equal(await countAllowed(() => server.send('large', TYPENAME), 20), 7);
  });

  it('leaves the units of the other keys of its partner alone, which they share', async () => {
    const keys = { own: { unitsPerMinute: 5 }, one: {}, other: {}, bee: { partner: 'bee' } };
    await using server = await startWith(keys, { RATE_LIMIT_VIEWER: '10' });
    assert.equal(await countAllowed(() => server.send('own', TYPENAME), 20), 5);
    const { headers } = await server.send('one', TYPENAME);
    assert.match(headers.get('ratelimit') ?? '', /^"viewer";r=9;/);
    const sendInTurn = (n: number) => server.send(n % 2 === 0 ? 'one' : 'other', TYPENAME);
    assert.equal(await countAllowed(sendInTurn, 20), 9);
    assert.equal((await server.send('bee', TYPENAME)).status, 200);
  });

  it('is limited by it where viewers are not', async () => {
    const keys = { own: { unitsPerMinute: 2 }, none: {} };
    await using server = await startWith(keys, { RATE_LIMIT_VIEWER: '0' });
    assert.equal(await countAllowed(() => server.send('own', TYPENAME), 10), 2);
    assert.equal((await server.send('none', TYPENAME)).headers.get('ratelimit'), null);
  });

  it('cannot run an operation that costs more than it', async () => {
    await using server = await startWith({ own: { unitsPerMinute: 2 } });
    const { body } = await server.send('own', RECENT_ORDERS);
    const { code, limit } = body.errors[0].extensions;
    assert.deepEqual({ code, limit }, { code: 'QUERY_TOO_COMPLEX', limit: 2 });
  });

  it('is counted by two replicas with a Redis together', { skip: skipWithoutRedis }, async () => {
    const limits = { small: 20, large: 60 };
    await using redis = await startRedis();
    await using file = await createKeyFile({
      small: { unitsPerMinute: limits.small },
      large: { unitsPerMinute: limits.large },
    });
    const env = { API_KEYS_PATH: file.path, REDIS_URL: redis.url.href };
    await using first = await startEnvironment(partner, env);
    await using second = await startEnvironment(partner, env);
    await Promise.all([untilRedisIsUp(first), untilRedisIsUp(second)]);
    for (const [id, limit] of Object.entries(limits)) {
      const sendInTurn = (n: number) => sendAs(n % 2 === 0 ? first : second, id, TYPENAME);
      const allowed = await countAllowed(sendInTurn, 3 * limit);
      assert.ok(allowed >= limit / TOLERANCE, `${allowed} instead of ${limit}`);
      assert.ok(allowed <= limit * TOLERANCE, `${allowed} instead of ${limit}`);
    }
  });
});

describe('An API key that is limited to operations', () => {
  const LIMITED = { all: {}, limited: { operations: ['RecentOrders'] } };

  it('runs a registered operation that it names, in every form that clients send', async () => {
    await using server = await startWith(LIMITED);
    const sha256Hash = documentHash(RECENT_ORDERS.query);
    const withTypenames = committed.find(({ name }) => name === 'RecentOrders')?.withTypenames;
    const { variables } = RECENT_ORDERS;
    for (const body of [
      RECENT_ORDERS,
      { query: withTypenames?.source, variables },
      { documentId: sha256Hash, variables },
      { extensions: { persistedQuery: { version: 1, sha256Hash } }, variables },
    ]) {
      const { status, body: answer } = await server.send('limited', body);
      assert.equal(status, 200);
      assert.equal(answer.data.recentOrders.length, 2);
    }
  });

  it('runs no other operation, whatever its name, and calls no service for it', async () => {
    await using server = await startWith(LIMITED, { BATCH_MAX_OPERATIONS: '2' });
    const { query } = RECENT_ORDERS;
    const others: Record<string, unknown> = {
      'another registered one': ORDER_DETAIL,
      'another one by its hash': { ...ORDER_DETAIL, documentId: documentHash(ORDER_DETAIL.query) },
      'one without a name': TYPENAME,
      'one with the same name': {
        query: 'query RecentOrders { recentOrders { id customer { id } } }',
      },
      'the registered text with a space': { ...RECENT_ORDERS, query: `${query} ` },
      'the registered text with another operation': {
        query: `${query} query Other { __typename }`,
        operationName: 'Other',
      },
      introspection: { query: '{ __schema { queryType { name } } }' },
      'one of an array': [RECENT_ORDERS, ORDER_DETAIL],
    };
    for (const [what, body] of Object.entries(others)) {
      assertForbidden(await server.send('limited', body), what);
    }
    assert.deepEqual(server.environment.calls(), []);
    assert.equal((await server.send('all', ORDER_DETAIL)).status, 200);
  });

  it('calls the REST endpoints of these operations only', async () => {
    await using server = await startWith(LIMITED);
    const get = (path: string) =>
      fetch(server.environment.url + path, { headers: headersOf('limited') });
    assert.equal((await get('/v1/recent-orders?first=2')).status, 200);
    server.environment.reset();
    assert.equal((await get('/v1/orders/1')).status, 403);
    assert.deepEqual(server.environment.calls(), []);
  });

  it('lists all tools and calls those of these operations only, with errors for the model', async () => {
    const keys = { limited: { operations: ['OrderDetail'] }, other: { scopes: [] } };
    await using server = await startWith(keys, MCP);
    const detail = toolCall('order_detail', { id: '1' });
    const input = { idempotencyKey: 'a', currency: 'EUR', items: [] };
    const post = (id: string, message: unknown) =>
      postMessage(server.environment, message, { headers: headersOf(id) });
    const list = await post('limited', request('tools/list'));
    assert.equal(list.body.result.tools.length, 3);
    for (const [id, message, code] of [
      ['limited', detail, 'NOT_FOUND'],
      ['limited', toolCall('place_order', { input }), 'FORBIDDEN'],
      // The scopes of a key are fixed, so there is no challenge to get others.
      ['other', detail, 'FORBIDDEN'],
    ] as const) {
      const { status, headers, body } = await post(id, message);
      assert.deepEqual([status, headers.get('www-authenticate')], [200, null], id);
      assert.equal(body.result.structuredContent.errors[0].extensions.code, code);
    }
  });

  it('has no request of a route forwarded', async () => {
    const route = {
      path: '/x/*',
      methods: ['GET'],
      upstream: 'order',
      target: '/orders/*',
    } as const;
    const routes = [{ ...route, permission: scoped('orders:read') }];
    await using keys = await createKeyFile(LIMITED);
    const env = { API_KEYS_PATH: keys.path };
    await using environment = await startEnvironment({ ...partner, routes }, env);
    const statusOf = async (id: string) =>
      (await fetch(`${environment.url}/x?recent=1`, { headers: headersOf(id) })).status;
    assert.equal(await statusOf('all'), 200);
    assert.equal(await statusOf('limited'), 403);
  });

  it('runs a text that it names by its hash, registered or not', async () => {
    const hash = documentHash(TYPENAME.query);
    await using server = await startWith({ hashed: { operations: [hash] } });
    const { body } = await server.send('hashed', TYPENAME);
    assert.deepEqual(body, { data: { __typename: 'Query' } });
    assertForbidden(await server.send('hashed', { query: '{ __typename } ' }), 'another text');
  });

  it('pays one unit for each refusal, until its limit is used up', async () => {
    const limited = { operations: ['RecentOrders'], unitsPerMinute: 5 };
    for (const [what, textOf] of Object.entries({
      'a registered operation': () => ORDER_DETAIL,
      'new texts': (n: number) => ({ query: `{ field${n}: __typename }` }),
      'batches of two': (n: number) => [RECENT_ORDERS, { query: `{ field${n}: __typename }` }],
    })) {
      await using server = await startWith({ limited }, { BATCH_MAX_OPERATIONS: '2' });
      const send = async (n: number) => (await server.send('limited', textOf(n))).status;
      const statuses = await Promise.all(Array.from({ length: 5 }, (_, n) => send(n)));
      assert.deepEqual(new Set(statuses), new Set([403]), what);
      assert.equal(await send(5), 429, what);
    }
  });

  it('is refused a text that it does not name before the text is parsed', async () => {
    await using server = await startWith(LIMITED);
    for (const [what, query] of Object.entries({
      'one that is no GraphQL': 'query {',
      'one of an unknown field': '{ nothing }',
      'one that is too deep': `{ a ${'{ a '.repeat(100)} ${'}'.repeat(101)}`,
    })) {
      assertForbidden(await server.send('limited', { query }), what);
      assert.equal((await server.send('all', { query })).status, 400, what);
    }
    const documentId = documentHash('{ __typename }  ');
    assertForbidden(await server.send('limited', { documentId }), 'an unknown hash');
  });

  it('runs nothing if its list is empty', async () => {
    await using server = await startWith({ none: { operations: [] } });
    assertForbidden(await server.send('none', RECENT_ORDERS), 'registered');
    assertForbidden(await server.send('none', TYPENAME), 'without a name');
  });

  it('gets no stored response of an operation that it may not run', async () => {
    const keys = { ...LIMITED, other: { operations: ['OrderDetail'] } };
    await using server = await startWith(keys, { CACHE_MEMORY_MB: '16' });
    const stored = await server.send('all', RECENT_ORDERS);
    const hit = await server.send('all', RECENT_ORDERS);
    assert.match(hit.headers.get('cache-status') ?? '', /; hit/);
    const allowed = await server.send('limited', RECENT_ORDERS);
    assert.match(allowed.headers.get('cache-status') ?? '', /; hit/, 'keys of a partner share it');
    assert.deepEqual(allowed.body, stored.body);

    assertForbidden(await server.send('other', RECENT_ORDERS), 'over POST');
    const path = new URLSearchParams({
      query: RECENT_ORDERS.query,
      variables: JSON.stringify(RECENT_ORDERS.variables),
    });
    const { endpoint } = server.environment;
    const response = await fetch(`${endpoint}?${path}`, { headers: headersOf('other') });
    assert.equal(response.status, 403);
    assert.equal(response.headers.get('etag'), null);
  });
});
