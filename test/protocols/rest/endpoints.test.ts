import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, beforeEach, describe, it } from 'node:test';
import { mobile } from '../../../bff-mobile/bff.ts';
import { partner } from '../../../bff-partner/bff.ts';
import { CAST, CUSTOMER_UNREAD } from '../../../services/support/cast.ts';
import { type Environment, startEnvironment } from '../../support/environment.ts';
import { startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { rest } from './rest-client.ts';

const PROBLEM = /^application\/problem\+json/;
const NEW_ORDER = { currency: 'EUR', items: [{ sku: 'PAPER-NOTE', quantity: 2 }] };

describe('A REST endpoint of the mobile BFF', () => {
  let environment: Environment;
  before(async () => {
    environment = await startEnvironment(mobile);
  });
  beforeEach(() => environment.reset());
  after(() => environment[Symbol.asyncDispose]());

  it('answers with the value of the root field that the operation has over GraphQL', async () => {
    const query = await readFile(new URL('Dashboard.graphql', mobile.operations), 'utf8');
    const expected = await environment.send(query, { as: CAST.customer });
    const { status, headers, body } = await rest(environment, 'GET /dashboard', {
      as: CAST.customer,
    });
    assert.equal(status, 200);
    assert.equal(headers.get('content-type'), 'application/json; charset=utf-8');
    assert.deepEqual(body, expected.body.data.dashboard);
    assert.equal(body.unreadCount, CUSTOMER_UNREAD);
  });

  it('answers without the parts of a failed service, and lists them', async () => {
    environment.services.order.control.faults({ '*': { status: 503 } });
    const { status, headers, body } = await rest(environment, 'GET /dashboard', {
      as: CAST.customer,
    });
    assert.equal(status, 200);
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.deepEqual(
      [body.orders, body.unreadCount, body.user.name],
      [null, CUSTOMER_UNREAD, 'Amara Okafor'],
    );
    assert.deepEqual(body.errors, [
      {
        pointer: '#/orders',
        code: 'UPSTREAM_UNAVAILABLE',
        detail: 'This part of the response is temporarily unavailable. Retry later.',
      },
    ]);
  });

  it('answers with the status of the error if nothing is left', async () => {
    environment.services.user.control.faults({ '*': { status: 503 } });
    const { status, headers, body } = await rest(environment, 'GET /profiles/43');
    assert.equal(status, 503);
    assert.match(headers.get('content-type') ?? '', PROBLEM);
    assert.deepEqual(body, {
      type: 'about:blank',
      title: 'Service Unavailable',
      status: 503,
      detail: 'This part of the response is temporarily unavailable. Retry later.',
      code: 'UPSTREAM_UNAVAILABLE',
      requestId: headers.get('x-request-id'),
    });
  });

  it('answers 401 with a challenge to those who must sign in', async () => {
    const { status, headers, body } = await rest(environment, 'GET /dashboard');
    assert.deepEqual([status, body.code], [401, 'UNAUTHENTICATED']);
    assert.equal(headers.get('www-authenticate'), 'Bearer');
    const invalid = { headers: { authorization: 'Bearer x' } };
    const refused = await rest(environment, 'GET /dashboard', invalid);
    assert.deepEqual([refused.status, refused.body.code], [401, 'UNAUTHENTICATED']);
    assert.match(refused.headers.get('content-type') ?? '', PROBLEM);
    assert.equal(refused.headers.get('www-authenticate'), 'Bearer error="invalid_token"');
  });

  it('answers 404 for what was deleted, which GraphQL answers with null', async () => {
    const { status, body } = await rest(environment, `GET /profiles/${CAST.deleted}`);
    assert.deepEqual([status, body.code], [404, 'NOT_FOUND']);
  });

  it('answers a HEAD request with the headers only', async () => {
    const { status, headers, text } = await rest(environment, 'HEAD /profiles/43');
    assert.deepEqual([status, text], [200, '']);
    assert.ok(Number(headers.get('content-length')) > 0);
  });

  it('is available where only registered operations are accepted', async () => {
    await using environment = await startEnvironment(mobile, { OPERATIONS: 'trusted' });
    assert.equal((await rest(environment, 'GET /profiles/43')).status, 200);
  });

  it('refuses other methods, media types and malformed bodies with a problem', async () => {
    const json = { 'content-type': 'application/json' };
    for (const [line, options, status] of [
      ['POST /profiles/43', {}, 405],
      ['OPTIONS /profiles/43', {}, 405],
      ['GET /profiles/43', { headers: { accept: 'text/html' } }, 406],
      ['GET /profiles/43', { headers: { 'x-request-timeout-ms': 'soon' } }, 400],
    ] as const) {
      const { status: actual, headers, body } = await rest(environment, line, options);
      assert.equal(actual, status, line);
      assert.match(headers.get('content-type') ?? '', PROBLEM);
      assert.deepEqual([body.status, body.code], [status, 'BAD_REQUEST']);
      if (status === 405) assert.equal(headers.get('allow'), 'GET, HEAD');
    }
    await using other = await startEnvironment(partner);
    for (const [options, status] of [
      [{ body: '{', headers: json }, 400],
      [{ body: 'x=1', headers: { 'content-type': 'text/plain' } }, 415],
      [{ body: '{}', headers: { ...json, 'content-encoding': 'gzip' } }, 415],
      [{ body: '{}', headers: { 'content-type': 'application/json; charset=utf-16' } }, 415],
      [{ body: JSON.stringify('x'.repeat(300_000)), headers: json }, 413],
    ] as const) {
      const { status: actual, body } = await rest(other, 'POST /v1/orders', options);
      assert.deepEqual([actual, body.status, body.code], [status, status, 'BAD_REQUEST']);
    }
    assert.deepEqual(other.calls(), []);
  });
});

describe('A BFF with REST endpoints', () => {
  it('answers with a problem where it has no endpoint', async () => {
    await using environment = await startEnvironment(partner);
    for (const [line, status, code, detail] of [
      ['GET /v1/nothing', 404, 'NOT_FOUND', /openapi/],
      ['GET /v1/orders/', 404, 'NOT_FOUND', /slash/],
      ['POST /v1/orders//cancel', 404, 'NOT_FOUND', /slash/],
      ['GET /v1/orders/%zz', 400, 'BAD_REQUEST', /percent-encoded/],
      [`GET /v1/orders/${'a'.repeat(101)}`, 414, 'BAD_REQUEST', /too long/],
      ['POST /openapi.json', 405, 'BAD_REQUEST', /GET, HEAD/],
    ] as const) {
      const { status: actual, headers, body } = await rest(environment, line);
      assert.match(headers.get('content-type') ?? '', PROBLEM, line);
      assert.deepEqual([actual, body.status, body.code], [status, status, code], line);
      assert.match(body.detail, detail, line);
      assert.doesNotMatch(body.detail, /aaaa|%zz/, line);
    }
  });
});

describe('The trace of a REST request', () => {
  it('has the route and the operation', async () => {
    await using receiver = await startOtlpReceiver();
    await using environment = await startEnvironment(mobile, {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      OTEL_TRACES_SAMPLER: 'always_on',
    });
    await rest(environment, 'GET /profiles/43');
    const [trace = []] = await receiver.traces(1);
    const root = trace.find(({ name }) => name === 'GET /profiles/:id');
    assert.equal(root?.attributes['http.route'], '/profiles/:id');
    assert.equal(root.attributes['url.path'], '/profiles/43');
    assert.equal(root.attributes['graphql.operation.name'], 'PublicProfile');
  });
});

describe('A REST endpoint of the partner BFF', () => {
  let environment: Environment;
  before(async () => {
    environment = await startEnvironment(partner);
  });
  beforeEach(() => environment.reset());
  after(() => environment[Symbol.asyncDispose]());

  const send = (line: string, options: Parameters<typeof rest>[2] = {}) =>
    rest(environment, line, { as: CAST.customer, ...options });

  it('takes variables from the query string, with the defaults of the operation', async () => {
    const { body } = await send('GET /v1/orders?first=2&status=DELIVERED');
    const { orders, next } = body.orders;
    assert.equal(orders.length, 2);
    for (const { status } of orders) assert.equal(status, 'DELIVERED');
    const second = await send(`GET /v1/orders?first=2&status=DELIVERED&after=${next}`);
    assert.notEqual(second.body.orders.orders[0].id, orders[0].id);
    assert.equal((await send('GET /v1/orders')).body.orders.orders.length, 20);
  });

  it('answers with an object around a list, which can then name what is missing', async () => {
    const { status, body } = await send('GET /v1/recent-orders?first=3', { as: 'staff' });
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(body), ['recentOrders']);
    assert.equal(body.recentOrders.length, 3);
  });

  it('answers a foreign object and a missing one alike', async () => {
    const { body } = await send('GET /v1/recent-orders?first=20', { as: 'staff' });
    const own = await send('GET /v1/orders?first=50');
    const mine = new Set(own.body.orders.orders.map(({ id }: { id: string }) => id));
    const { id } = body.recentOrders.find(({ id }: { id: string }) => !mine.has(id));
    const answers = [await send(`GET /v1/orders/${id}`), await send('GET /v1/orders/999999999')];
    for (const { status, body } of answers) {
      assert.deepEqual([status, body.detail], [404, 'There is no such order.']);
    }
  });

  it('refuses what the viewer may not do with 403', async () => {
    const { status, body } = await send('GET /v1/recent-orders');
    assert.deepEqual([status, body.code], [403, 'FORBIDDEN']);
  });

  it('takes the idempotency key from its header, with or without quotes', async () => {
    const headers = { 'idempotency-key': 'rest-1' };
    const first = await send('POST /v1/orders', { headers, body: NEW_ORDER });
    assert.equal(first.status, 200, first.text);
    assert.equal(first.body.order.status, 'PLACED');
    assert.deepEqual(first.body.userErrors, []);
    const quoted = { 'idempotency-key': '"rest-1"' };
    const again = await send('POST /v1/orders', { headers: quoted, body: NEW_ORDER });
    assert.equal(again.body.order.id, first.body.order.id);
  });

  it('runs an action without a body, or with an empty one', async () => {
    const headers = { 'idempotency-key': 'rest-2' };
    const { body } = await send('POST /v1/orders', { headers, body: NEW_ORDER });
    const path = `POST /v1/orders/${body.order.id}/cancel`;
    for (const options of [{}, { body: {} }]) {
      const cancelled = await send(path, options);
      assert.deepEqual([cancelled.status, cancelled.body.order.status], [200, 'CANCELLED']);
    }
  });

  it('answers a rejected input with its payload and the reasons', async () => {
    const headers = { 'idempotency-key': 'rest-3' };
    const body = { currency: 'EUR', items: [{ sku: 'NOTHING', quantity: 1 }] };
    const rejected = await send('POST /v1/orders', { headers, body });
    assert.equal(rejected.status, 200);
    assert.equal(rejected.body.order, null);
    assert.equal(rejected.body.userErrors[0].code, 'UNKNOWN_SKU');
  });

  it('refuses what only a resolver can check, instead of a part that is missing', async () => {
    for (const [line, as, parameters] of [
      ['GET /v1/orders?after=nothing', CAST.customer, undefined],
      ['GET /v1/orders?first=0', CAST.customer, undefined],
      ['GET /v1/recent-orders?first=0', 'staff', ['first']],
      ['GET /v1/orders/a%2Fb', CAST.customer, ['id']],
      ['POST /v1/orders/a%2Fb/cancel', CAST.customer, ['id']],
    ] as const) {
      const { status, headers, body } = await send(line, { as });
      assert.match(headers.get('content-type') ?? '', PROBLEM, line);
      assert.deepEqual([status, body.code], [400, 'BAD_USER_INPUT'], line);
      const named = body.errors?.map(({ parameter }: { parameter: string }) => parameter);
      assert.deepEqual(named, parameters, line);
    }
  });

  const KEY = { 'idempotency-key': 'never-used' };
  for (const [line, options, faults] of [
    ['GET /v1/orders?first=two', {}, { first: /cannot represent non-integer value: "two"/ }],
    ['GET /v1/orders?first=', {}, { first: /Int cannot represent/ }],
    ['GET /v1/orders?first=1e9', {}, { first: /Int cannot represent/ }],
    ['GET /v1/orders?first=9999999999', {}, { first: /32-bit/ }],
    ['GET /v1/orders?status=LOST', {}, { status: /does not exist in "OrderStatus"/ }],
    ['GET /v1/orders?first=1&first=2', {}, { first: /once/ }],
    ['GET /v1/orders?limit=1&x=2', {}, { limit: /no such parameter/, x: /no such parameter/ }],
    ['GET /v1/me?id=1', {}, { id: /no such parameter/ }],
    ['POST /v1/orders', { headers: KEY }, { '#': /must be a JSON object/ }],
    ['POST /v1/orders', { headers: KEY, body: [] }, { '#': /must be a JSON object/ }],
    ['POST /v1/orders', { body: NEW_ORDER }, { 'Idempotency-Key': /Required/ }],
    [
      'POST /v1/orders',
      { headers: KEY, body: { ...NEW_ORDER, idempotencyKey: 'x' } },
      { '#/idempotencyKey': /Send it as the header/ },
    ],
    [
      'POST /v1/orders',
      { headers: KEY, body: { ...NEW_ORDER, items: [{ sku: 'A', quantity: '2' }] } },
      { '#/items/0/quantity': /non-integer/ },
    ],
    [
      'POST /v1/orders',
      { headers: KEY, body: { items: NEW_ORDER.items } },
      { '#': /"currency" of required type/ },
    ],
    [
      'POST /v1/orders',
      { headers: KEY, body: { ...NEW_ORDER, gift: true } },
      { '#': /"gift" is not defined/ },
    ],
    ['POST /v1/orders/1/cancel', { body: { id: '2' } }, { '#': /takes no body/ }],
    ['POST /v1/orders/1/cancel?id=2', {}, { id: /no such parameter/ }],
  ] as const) {
    it(`refuses ${line} ${JSON.stringify(options)} and names what is wrong`, async () => {
      const { status, headers, body } = await send(line, options);
      assert.equal(status, 400);
      assert.match(headers.get('content-type') ?? '', PROBLEM);
      assert.equal(body.code, 'BAD_USER_INPUT');
      const found: { parameter?: string; pointer?: string; detail: string }[] = body.errors;
      const expected = Object.entries(faults);
      assert.deepEqual(
        found.map(({ parameter, pointer }) => parameter ?? pointer),
        expected.map(([name]) => name),
      );
      for (const [n, [, message]] of expected.entries()) {
        assert.match(found[n]?.detail ?? '', message);
      }
      assert.deepEqual(environment.calls(), []);
    });
  }
});
