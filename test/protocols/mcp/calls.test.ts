import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, beforeEach, describe, it } from 'node:test';
import { mobile } from '../../../bff-mobile/bff.ts';
import { partner } from '../../../bff-partner/bff.ts';
import { CAST, CUSTOMER_UNREAD } from '../../../services/support/cast.ts';
import { issueToken } from '../../../services/support/tokens.ts';
import { CACHED, outcomeOf } from '../../cache/environment.ts';
import { demoIssuerAt } from '../../support/demo-issuer.ts';
import { type Environment, type Json, startEnvironment } from '../../support/environment.ts';
import { startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { startServices } from '../../support/services.ts';
import { LOGIN } from '../../support/session.ts';
import { connect, connectEarlier, MCP, post, request, toolCall } from './mcp-client.ts';

const ME = { as: CAST.customer } as const;
const INPUT = { currency: 'EUR', items: [{ sku: 'PAPER-NOTE', quantity: 2 }] };

/** The only text of a result, which says the same as its structure. */
function structureOf({ content, structuredContent }: Json): Json {
  assert.equal(content.length, 1);
  assert.deepEqual(JSON.parse(content[0].text), structuredContent);
  return structuredContent;
}

const codesOf = (result: Json): string[] =>
  structureOf(result).errors.map(({ extensions }: Json) => extensions.code);

describe('A call of a tool of the partner BFF', () => {
  let environment: Environment;
  before(async () => {
    environment = await startEnvironment(partner, MCP);
  });
  beforeEach(() => environment.reset());
  after(() => environment[Symbol.asyncDispose]());

  it('has the response that the operation has over GraphQL, as text and as a structure', async () => {
    const query = await readFile(new URL('MyOrders.graphql', partner.operations), 'utf8');
    await using session = await connect(environment, ME);
    for (const variables of [{}, { first: 2 }, { first: 2, status: 'DELIVERED', after: null }]) {
      const { body } = await environment.send(query, { ...ME, variables });
      const result = await session.call('my_orders', variables);
      assert.equal(result.isError, undefined);
      assert.deepEqual(structureOf(result), body);
    }
  });

  it('has the same result for clients of earlier revisions, whose stream ends with it', async () => {
    await using session = await connect(environment, ME);
    await using earlier = await connectEarlier(environment, ME);
    const call = { name: 'my_orders', arguments: { first: 1 } };
    const { content, structuredContent } = await earlier.client.callTool(call);
    const current = await session.call(call.name, call.arguments);
    assert.deepEqual([content, structuredContent], [current.content, current.structuredContent]);
    assert.deepEqual(await earlier.client.listTools(), {
      tools: (await session.client.listTools()).tools,
    });
    assert.equal(earlier.transport.sessionId, undefined);
    assert.deepEqual(
      earlier.exchanges.map(({ status }) => status),
      [200, 202, 200, 200],
    );
  });

  it('changes something, once for each key', async () => {
    await using session = await connect(environment, ME);
    const input = { ...INPUT, idempotencyKey: 'mcp-1' };
    const [first, second] = [
      structureOf(await session.call('place_order', { input })),
      structureOf(await session.call('place_order', { input })),
    ];
    assert.equal(first.data.placeOrder.order.status, 'PLACED');
    assert.deepEqual(second, first);
  });

  it('has the reasons for a rejected input in its result', async () => {
    await using session = await connect(environment, ME);
    const input = { ...INPUT, items: [{ sku: 'NOTHING', quantity: 1 }], idempotencyKey: 'mcp-2' };
    const { placeOrder } = structureOf(await session.call('place_order', { input })).data;
    assert.equal(placeOrder.order, null);
    assert.equal(placeOrder.userErrors[0].code, 'UNKNOWN_SKU');
  });

  for (const [name, given, message] of [
    ['my_orders', { first: 'two' }, 'first: Int cannot represent non-integer value: "two".'],
    ['my_orders', { first: null }, 'first: Expected non-nullable type "Int!" not to be null.'],
    ['my_orders', { limit: 1, status: 'LOST' }, /^limit: There is no such argument. status: Value/],
    ['order_detail', {}, 'id: Required.'],
    ['place_order', { input: INPUT }, /"idempotencyKey" of required type "ID!" was not provided/],
    [
      'place_order',
      { input: { ...INPUT, idempotencyKey: 'x', items: [{ sku: 'A', quantity: '2' }] } },
      'input.items.0.quantity: Int cannot represent non-integer value: "2".',
    ],
  ] as const) {
    it(`names what is wrong with the arguments ${JSON.stringify(given)} of ${name}`, async () => {
      await using session = await connect(environment, ME);
      const result = await session.call(name, given);
      assert.equal(result.isError, true);
      assert.deepEqual(codesOf(result), ['BAD_USER_INPUT']);
      const [error] = structureOf(result).errors;
      if (typeof message === 'string') assert.equal(error.message, message);
      else assert.match(error.message, message);
      assert.deepEqual(environment.calls(), []);
    });
  }

  it('is an error with a code if there is no data', async () => {
    await using session = await connect(environment, ME);
    const result = await session.call('order_detail', { id: '999999999' });
    assert.equal(result.isError, true);
    assert.deepEqual(codesOf(result), ['NOT_FOUND']);
    const { status, headers } = session.last();
    assert.equal(status, 200);
    assert.equal(structureOf(result).errors[0].extensions.requestId, headers.get('x-request-id'));
  });

  it('is refused with a challenge if its token lacks the scopes of its operation', async () => {
    for (const scope of ['profile:write unknown', '']) {
      const token = await issueToken({ userId: CAST.customer, scope });
      const { status, headers, body } = await post(
        environment,
        toolCall('order_detail', { id: '1' }),
        {
          headers: { authorization: `Bearer ${token}` },
        },
      );
      assert.deepEqual([status, body.id, body.error.data.code], [403, 7, 'FORBIDDEN']);
      assert.equal(body.error.message, 'This requires the scope orders:read.');
      const needed = scope === '' ? 'orders:read' : 'profile:write orders:read';
      assert.equal(
        headers.get('www-authenticate'),
        `Bearer error="insufficient_scope", scope="${needed}", ` +
          `resource_metadata="${LOGIN.PUBLIC_URL}/.well-known/oauth-protected-resource/mcp"`,
      );
    }
  });

  it('names missing scopes as the issuer of its token does', async () => {
    await using services = await startServices(['user']);
    const jwksUrl = `${services.env.USER_SERVICE_URL}/.well-known/jwks.json`;
    const issuer = { ...demoIssuerAt(jwksUrl), JWT_SCOPE_PREFIX: 'shop/' };
    await using prefixed = await startEnvironment(partner, { ...MCP, ...issuer });
    const token = await issueToken({ userId: CAST.customer, scope: 'shop/profile:read' });
    const { headers } = await post(prefixed, toolCall('order_detail', { id: '1' }), {
      headers: { authorization: `Bearer ${token}` },
    });
    assert.match(
      headers.get('www-authenticate') ?? '',
      /scope="shop\/profile:read shop\/orders:read"/,
    );
  });

  it('has what the scopes of its token allow, and an error for the rest', async () => {
    const token = await issueToken({ userId: CAST.customer, scope: 'profile:read' });
    await using session = await connect(environment, {
      headers: { authorization: `Bearer ${token}` },
    });
    const result = await session.call('my_orders');
    assert.equal(result.isError, undefined);
    assert.deepEqual(codesOf(result), ['FORBIDDEN']);
    assert.equal(structureOf(result).data.me.id, CAST.customer);
    assert.equal(structureOf(result).errors[0].extensions.scope, 'orders:read');
  });

  it('does not exist under another name, or for an operation without @tool', async () => {
    await using session = await connect(environment, ME);
    for (const name of ['cancel_order', 'CancelOrder', 'MyOrders', '__proto__']) {
      await assert.rejects(session.call(name, { id: '1' }), { code: -32_602 }, name);
    }
    assert.deepEqual(environment.calls(), []);
  });

  it('cannot be one of several messages in a request', async () => {
    const call = toolCall('my_orders');
    const { status, body } = await post(environment, [call, { ...call, id: 8 }], ME);
    assert.deepEqual([status, body.error.data.code], [400, 'BAD_REQUEST']);
    assert.deepEqual(environment.calls(), []);
  });
});

describe('A call of a tool of the mobile BFF', () => {
  it('has the data of the services that respond, and says what is missing', async () => {
    await using environment = await startEnvironment(mobile, MCP);
    environment.services.order.control.faults({ '*': { status: 503 } });
    await using session = await connect(environment, ME);
    const result = await session.call('dashboard');
    assert.equal(result.isError, undefined);
    const { data, errors } = structureOf(result);
    assert.deepEqual([data.dashboard.orders, data.dashboard.unreadCount], [null, CUSTOMER_UNREAD]);
    assert.deepEqual(errors[0].path, ['dashboard', 'orders']);
    assert.equal(errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE');
  });

  it('is available where only registered operations are accepted', async () => {
    await using environment = await startEnvironment(mobile, { ...MCP, OPERATIONS: 'trusted' });
    await using session = await connect(environment, ME);
    assert.equal((await session.call('dashboard')).isError, undefined);
  });

  it('ends with an error when the deadline of its request has passed', async () => {
    await using environment = await startEnvironment(mobile, MCP);
    environment.services.order.control.faults({ '*': { delayMs: 10_000 } });
    await using session = await connect(environment, {
      ...ME,
      headers: { 'x-request-timeout-ms': '300' },
    });
    const { errors } = structureOf(await session.call('dashboard'));
    const orders = errors.find(({ path }: Json) => path[1] === 'orders');
    assert.equal(orders?.extensions.code, 'UPSTREAM_TIMEOUT');
  });

  it('is traced with its operation', async () => {
    await using receiver = await startOtlpReceiver();
    await using environment = await startEnvironment(mobile, {
      ...MCP,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      OTEL_TRACES_SAMPLER: 'always_on',
    });
    await using session = await connect(environment, ME);
    await session.call('dashboard');
    const traces = await receiver.traces(2);
    const names = traces
      .map((trace) => trace.find(({ name }) => name === 'POST /mcp'))
      .map((root) => root?.attributes['graphql.operation.name']);
    assert.ok(names.includes('Dashboard'));
  });
});

describe('A stored response', () => {
  it('is the result of a call, whatever protocol it was stored by', async () => {
    await using environment = await startEnvironment(partner, { ...MCP, ...CACHED });
    await using session = await connect(environment, ME);
    const call = () => session.call('my_orders', { first: 2 });
    const first = await call();
    assert.equal(outcomeOf(session.last()), 'not stored');
    environment.reset();
    const second = await call();
    assert.equal(outcomeOf(session.last()), 'hit');
    assert.equal(session.last().headers.get('cache-control'), 'no-store');
    assert.deepEqual(second, first);
    const query = await readFile(new URL('MyOrders.graphql', partner.operations), 'utf8');
    const over = await environment.send(query, { ...ME, variables: { first: 2 } });
    assert.equal(outcomeOf(over), 'hit');
    assert.deepEqual(environment.calls(), []);
  });

  it('is not that of another viewer, and is purged by a change through a tool', async () => {
    await using environment = await startEnvironment(partner, { ...MCP, ...CACHED });
    await using session = await connect(environment, ME);
    await using other = await connect(environment, { as: CAST.otherCustomer });
    const newest = async () =>
      structureOf(await session.call('my_orders', { first: 1 })).data.me.orders.orders[0].id;
    const before = await newest();
    assert.equal(await newest(), before);
    assert.equal(outcomeOf(session.last()), 'hit');
    const { me } = structureOf(await other.call('my_orders', { first: 1 })).data;
    assert.equal(me.id, CAST.otherCustomer);
    const input = { ...INPUT, idempotencyKey: 'mcp-3' };
    const placed = structureOf(await session.call('place_order', { input }));
    assert.equal(await newest(), placed.data.placeOrder.order.id);
  });
});

describe('The rate limit of a viewer', () => {
  it('applies to calls, which then are errors that say when to retry', async () => {
    await using environment = await startEnvironment(partner, {
      ...MCP,
      RATE_LIMIT_VIEWER: '60',
    });
    await using session = await connect(environment, ME);
    let result = await session.call('my_orders', { first: 20 });
    assert.match(session.last().headers.get('ratelimit') ?? '', /"viewer";r=\d+/);
    while (!result.isError) result = await session.call('my_orders', { first: 20 });
    assert.deepEqual(codesOf(result), ['RATE_LIMITED']);
    const { extensions } = structureOf(result).errors[0];
    assert.equal(extensions.policy, 'viewer');
    const { status, headers } = session.last();
    assert.equal(status, 200);
    assert.equal(headers.get('retry-after'), String(extensions.retryAfterSeconds));
  });

  it('applies to requests that call no tool, which are refused', async () => {
    await using environment = await startEnvironment(partner, { ...MCP, RATE_LIMIT_VIEWER: '2' });
    const list = () => post(environment, request('tools/list'), ME);
    const [first, , third] = [await list(), await list(), await list()];
    assert.match(first.headers.get('ratelimit') ?? '', /"viewer";r=1;/);
    assert.deepEqual([first.status, third.status], [200, 429]);
    assert.equal(third.body.error.data.code, 'RATE_LIMITED');
    assert.ok(Number(third.headers.get('retry-after')) > 0);
  });
});
