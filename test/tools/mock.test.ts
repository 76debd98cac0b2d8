import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readGraphqlFiles } from '../../src/graphql-files.ts';
import { createMockSource } from '../../tools/mock/datasources.ts';
import { type Mock, startMock } from '../../tools/mock/start-mock.ts';
import type { Values } from '../../tools/mock/values.ts';
import { bffNames, loadBff, ROOT } from '../../tools/tree.ts';
import { authorization, type Json, type TestViewer } from '../support/environment.ts';
import { until } from '../support/until.ts';
import { runProcess } from './run-tool.ts';

const MOCK = fileURLToPath(new URL('tools/mock.ts', ROOT));
const USER = '42';
const ENV = {
  LOG_LEVEL: 'silent',
  NODE_ENV: 'development',
  ...Object.fromEntries(
    bffNames().flatMap((name) => [
      [`${name.toUpperCase()}_PORT`, '0'],
      [`${name.toUpperCase()}_ADMIN_PORT`, '0'],
    ]),
  ),
};
const NEW_ORDER = { currency: 'EUR', items: [{ sku: 'PAPER-NOTE', quantity: 2 }] };
/** Of the committed operations that need variables. */
const VARIABLES: Readonly<Record<string, object>> = {
  CancelOrder: { id: '17' },
  MarkNotificationsRead: { ids: [`${USER}-1`] },
  OrderDetail: { id: '17' },
  PlaceOrder: { input: { idempotencyKey: 'one', ...NEW_ORDER } },
  PublicProfile: { id: '7' },
  UpdateProfile: { input: { name: 'Amara' } },
};
const FOR_STAFF = ['Customers', 'RecentOrders'];

interface Options {
  readonly as?: TestViewer;
  readonly variables?: object | undefined;
  readonly headers?: Record<string, string>;
}

async function send(
  { urls }: Pick<Mock, 'urls'>,
  bff: string,
  query: string,
  options: Options = {},
) {
  const { as = USER, variables, headers } = options;
  const response = await fetch(urls.get(bff) ?? '', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(await authorization(as)), ...headers },
    body: JSON.stringify({ query, variables }),
  });
  return { status: response.status, body: (await response.json()) as Json };
}

interface Operation {
  readonly bff: string;
  readonly name: string;
  readonly text: string;
}

async function committedOperations(): Promise<Operation[]> {
  const bffs = await Promise.all(bffNames().map(loadBff));
  return bffs.flatMap(({ name: bff, operations }) =>
    readGraphqlFiles(operations).map(({ name, text }) => ({
      bff,
      name: name.replace('.graphql', ''),
      text,
    })),
  );
}

const run = (mock: Mock, { bff, name, text }: Operation) =>
  send(mock, bff, text, {
    as: FOR_STAFF.includes(name) ? 'staff' : USER,
    variables: VARIABLES[name],
  });

const isSubscription = ({ text }: Operation): boolean => text.includes('subscription ');

/** Nothing happens in a mock, so that no event follows. */
async function assertOpens({ urls }: Mock, { bff, name, text }: Operation) {
  const response = await fetch(`${urls.get(bff)}/stream`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(await authorization(USER)) },
    body: JSON.stringify({ query: text }),
  });
  assert.equal(response.status, 200, name);
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
  await response.body?.cancel();
}

/** Runs all committed queries. */
async function readAll(seed: number, order: (operations: Operation[]) => Operation[]) {
  const mock = await startMock(ENV, seed);
  const results: Record<string, Json> = {};
  for (const operation of order(await committedOperations())) {
    if (isSubscription(operation) || operation.text.includes('mutation ')) continue;
    results[`${operation.bff} ${operation.name}`] = (await run(mock, operation)).body;
  }
  await mock.close();
  return results;
}

describe('The mock', () => {
  let mock: Mock;
  before(async () => {
    mock = await startMock(ENV, 1);
  });
  after(() => mock.close());

  it('answers each committed operation of each BFF without an error', async () => {
    await using own = disposable(await startMock(ENV, 1));
    for (const operation of await committedOperations()) {
      if (isSubscription(operation)) {
        await assertOpens(own, operation);
        continue;
      }
      const { status, body } = await run(own, operation);
      const label = `${operation.bff} ${operation.name}: ${JSON.stringify(body)}`;
      assert.deepEqual([status, body.errors], [200, undefined], label);
      for (const { userErrors = [] } of Object.values<Json>(body.data)) {
        assert.deepEqual(userErrors, [], label);
      }
    }
  });

  it('has the same values after each start, in any order, and others with another seed', async () => {
    const first = await readAll(1, (operations) => operations);
    const second = await readAll(1, (operations) => operations.toReversed());
    const other = await readAll(2, (operations) => operations);
    assert.deepEqual(second, first);
    assert.notDeepEqual(other, first);
  });

  it('has the same objects in each BFF', async () => {
    const query =
      '{ order(id: "17") { id status placedAt total { amount currency } items { sku } } }';
    const [web, partner] = [await send(mock, 'web', query), await send(mock, 'partner', query)];
    assert.deepEqual(web.body, partner.body);
    assert.equal(web.body.data.order.id, '17');
  });

  it('has values that fit their fields and each other', async () => {
    const query = `{ order(id: "17") {
      total { amount currency }
      items { quantity unitPrice { amount currency } }
      customer { id name email locale createdAt }
    } }`;
    const { order } = (await send(mock, 'web', query)).body.data;
    const sum = order.items.reduce(
      (amount: number, item: Json) => amount + item.quantity * item.unitPrice.amount,
      0,
    );
    const [{ unitPrice }] = order.items;
    assert.deepEqual(order.total, { amount: sum, currency: unitPrice.currency });
    assert.equal(order.customer.id, USER);
    assert.match(order.customer.email, /^[\w.]+@mail\.example$/);
    assert.match(order.customer.createdAt, /^20\d\d-\d\d-\d\dT[\d:]{8}\.000Z$/);
    assert.ok(Intl.DateTimeFormat.supportedLocalesOf(order.customer.locale).length === 1);
  });

  it('has pages of the requested length, and a last one', async () => {
    const query = `query ($after: String, $status: OrderStatus) { viewer {
      orders(first: 10, after: $after, status: $status) {
        edges { node { id status } } pageInfo { endCursor hasNextPage }
      }
    } }`;
    const lengths: number[] = [];
    const ids = new Set<string>();
    for (let after = null, isLast = false; !isLast && lengths.length < 10; ) {
      const { body } = await send(mock, 'web', query, { variables: { after } });
      const { edges, pageInfo } = body.data.viewer.orders;
      lengths.push(edges.length);
      for (const { node } of edges) ids.add(node.id);
      after = pageInfo.endCursor;
      isLast = !pageInfo.hasNextPage;
    }
    assert.deepEqual([lengths, ids.size], [[10, 10, 3], 23]);

    const { body } = await send(mock, 'web', query, { variables: { status: 'SHIPPED' } });
    const statuses = body.data.viewer.orders.edges.map(({ node }: Json) => node.status);
    assert.ok(statuses.length > 0 && statuses.every((status: string) => status === 'SHIPPED'));
  });

  it('has cursors that stay valid while orders are added and changed', async () => {
    await using own = disposable(await startMock(ENV, 1));
    const list = `query ($after: String, $status: OrderStatus) { viewer {
      orders(first: 2, after: $after, status: $status) {
        edges { node { id } } pageInfo { endCursor }
      }
    } }`;
    const idsOf = async (variables: object) => {
      const { orders } = (await send(own, 'web', list, { variables })).body.data.viewer;
      return {
        ids: orders.edges.map(({ node }: Json) => node.id),
        after: orders.pageInfo.endCursor,
      };
    };
    const { after } = await idsOf({});
    const next = await idsOf({ after });
    const placed = await idsOf({ status: 'PLACED' });
    const input = { idempotencyKey: 'a', ...NEW_ORDER };
    await send(
      own,
      'web',
      'mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } } }',
      { variables: { input } },
    );
    assert.deepEqual(await idsOf({ after }), next);
    await send(own, 'web', `mutation { cancelOrder(id: "${placed.ids.at(-1)}") { order { id } } }`);
    assert.deepEqual(await idsOf({ after: placed.after, status: 'PLACED' }), {
      ids: [],
      after: null,
    });
  });

  it('keeps what mutations change, for all BFFs', async () => {
    await using own = disposable(await startMock(ENV, 1));
    const cancel = 'mutation { cancelOrder(id: "17") { order { status } userErrors { code } } }';
    await send(own, 'mobile', cancel);
    const { data } = (await send(own, 'partner', '{ order(id: "17") { status } }')).body;
    assert.equal(data.order.status, 'CANCELLED');

    const place =
      'mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { order { id } } }';
    const variables = { input: { idempotencyKey: 'a', ...NEW_ORDER } };
    const { order } = (await send(own, 'mobile', place, { variables })).body.data.placeOrder;
    const again = (await send(own, 'mobile', place, { variables })).body.data.placeOrder;
    assert.deepEqual(again.order, order);
    const list = '{ viewer { orders(first: 1) { edges { node { id } } } } }';
    const { viewer } = (await send(own, 'web', list)).body.data;
    assert.deepEqual(viewer.orders.edges, [{ node: order }]);
    const detail = '{ order(id: "42-24") { items { sku quantity } } }';
    assert.deepEqual((await send(own, 'web', detail)).body.data.order.items, NEW_ORDER.items);
  });

  describe('rejects what the services reject', () => {
    const place = async (input: object) => {
      const mutation = `mutation ($input: PlaceOrderInput!) {
        placeOrder(input: $input) { order { id } userErrors { code field } }
      }`;
      const { body } = await send(mock, 'web', mutation, { variables: { input } });
      return body.data.placeOrder;
    };
    const update = async (input: object) => {
      const mutation = `mutation ($input: UpdateProfileInput!) {
        updateProfile(input: $input) { user { locale } userErrors { code field } }
      }`;
      return (await send(mock, 'web', mutation, { variables: { input } })).body.data.updateProfile;
    };

    it('of orders, each reason with its input', async () => {
      const items = [{ sku: 'NO', quantity: 100 }];
      assert.deepEqual(await place({ idempotencyKey: 'b', currency: 'XXX', items }), {
        order: null,
        userErrors: [
          { code: 'UNKNOWN_CURRENCY', field: ['input', 'currency'] },
          { code: 'UNKNOWN_SKU', field: ['input', 'items', '0', 'sku'] },
          { code: 'OUT_OF_RANGE', field: ['input', 'items', '0', 'quantity'] },
        ],
      });
    });

    it('of an idempotency key that is empty, or was used for another order', async () => {
      const codeOf = async (input: object) => (await place(input)).userErrors[0]?.code;
      assert.equal(await codeOf({ idempotencyKey: '', ...NEW_ORDER }), 'INVALID');
      assert.equal(await codeOf({ idempotencyKey: 'c', ...NEW_ORDER }), undefined);
      const other = { ...NEW_ORDER, currency: 'USD' };
      assert.equal(await codeOf({ idempotencyKey: 'c', ...other }), 'IDEMPOTENCY_KEY_REUSED');
    });

    it('of a profile, and keeps locales in their standard form', async () => {
      const input = { name: ' ', locale: 'tlh', avatarUrl: 'javascript:alert(1)' };
      const { user, userErrors } = await update(input);
      const found = userErrors.map(({ code, field }: Json) => [code, field.at(-1)]);
      assert.equal(user, null);
      assert.deepEqual(found.sort(), [
        ['BLANK', 'name'],
        ['INVALID_URL', 'avatarUrl'],
        ['UNKNOWN_LOCALE', 'locale'],
      ]);
      assert.deepEqual((await update({ locale: 'en-gb' })).user, { locale: 'en-GB' });
    });

    it("of an order that is shipped, and of another user's notification", async () => {
      const list = '{ viewer { orders(first: 1, status: SHIPPED) { edges { node { id } } } } }';
      const { viewer } = (await send(mock, 'web', list)).body.data;
      const cancel = `mutation ($id: ID!) { cancelOrder(id: $id) { userErrors { code field } } }`;
      const variables = viewer.orders.edges[0].node;
      const { cancelOrder } = (await send(mock, 'web', cancel, { variables })).body.data;
      assert.deepEqual(cancelOrder.userErrors, [{ code: 'NOT_CANCELLABLE', field: ['id'] }]);

      const read = `mutation { markNotificationsRead(ids: ["42-1", "43-1"]) {
        notifications { id } unreadCount userErrors { code field }
      } }`;
      const { markNotificationsRead } = (await send(mock, 'web', read)).body.data;
      assert.deepEqual(markNotificationsRead, {
        notifications: [{ id: '42-1' }],
        unreadCount: 3,
        userErrors: [{ code: 'NOT_FOUND', field: ['ids', '1'] }],
      });
    });
  });

  it('has the permissions of the BFFs', async () => {
    const codeOf = async (query: string, as: TestViewer) =>
      (await send(mock, 'web', query, { as })).body.errors?.[0].extensions.code;
    const foreign = '{ order(id: "43-1") { id } }';
    assert.equal(await codeOf(foreign, USER), 'NOT_FOUND');
    assert.equal(await codeOf(foreign, '43'), undefined);
    assert.equal(await codeOf('{ recentOrders { id } }', USER), 'FORBIDDEN');
    assert.equal(await codeOf('{ viewer { id } }', 'anonymous'), 'UNAUTHENTICATED');
    const headers = { authorization: 'Bearer wrong' };
    assert.equal((await send(mock, 'web', '{ viewer { id } }', { headers })).status, 401);
  });

  it('answers with the errors that Mock-Error requests, also of an endpoint of the REST API', async () => {
    const query = '{ dashboard { unreadCount orders(first: 1) { status } user { name } } }';
    const errors = 'Dashboard.orders=UPSTREAM_UNAVAILABLE, User.name=UPSTREAM_TIMEOUT';
    const headers = { 'mock-error': errors };
    const responses = await Promise.all([
      send(mock, 'mobile', query, { headers }),
      send(mock, 'mobile', query),
    ]);
    const [failed, other] = responses.map(({ body }) => body);
    const { unreadCount } = other.data.dashboard;
    assert.deepEqual(failed.data.dashboard, { unreadCount, orders: null, user: null });
    const found = failed.errors.map(({ path, extensions }: Json) => [path.at(1), extensions.code]);
    assert.deepEqual(found.sort(), [
      ['orders', 'UPSTREAM_UNAVAILABLE'],
      ['user', 'UPSTREAM_TIMEOUT'],
    ]);
    assert.equal(other.errors, undefined);

    const url = new URL('/dashboard', mock.urls.get('mobile'));
    const response = await fetch(url, { headers: { ...(await authorization(USER)), ...headers } });
    const body = (await response.json()) as Json;
    assert.equal(body.orders, null);
    assert.equal(body.errors.length, 2);
  });

  it('lets a root field fail for everyone, but a viewer without the permission gets no other error', async () => {
    const headers = {
      'mock-error': 'Query.announcements=UPSTREAM_TIMEOUT, Query.viewer=NOT_FOUND',
    };
    const query = '{ announcements { id } viewer { id } }';
    const { body } = await send(mock, 'web', query, { as: 'anonymous', headers });
    const codes = body.errors.map(({ extensions }: Json) => extensions.code).sort();
    assert.deepEqual(codes, ['UNAUTHENTICATED', 'UPSTREAM_TIMEOUT']);
  });

  it('refuses a subscription with the error that Mock-Error requests', async () => {
    const response = await fetch(`${mock.urls.get('web')}/stream`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'mock-error': 'Subscription.orderChanged=UPSTREAM_UNAVAILABLE',
        ...(await authorization(USER)),
      },
      body: JSON.stringify({ query: 'subscription { orderChanged { id } }' }),
      signal: AbortSignal.timeout(10_000),
    });
    assert.match(await response.text(), /"code":"UPSTREAM_UNAVAILABLE"/);
  });

  for (const [code, status, retryAfter] of [
    ['UNAUTHENTICATED', 401, null],
    ['RATE_LIMITED', 429, '1'],
    ['OVERLOADED', 503, '1'],
  ] as const) {
    it(`refuses the whole request with ${status} for Mock-Error: ${code}`, async () => {
      const response = await fetch(mock.urls.get('web') ?? '', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'mock-error': code },
        body: '{"query":"{ announcements { id } }"}',
      });
      assert.deepEqual(
        [response.status, response.headers.get('retry-after')],
        [status, retryAfter],
      );
      const { data, errors } = (await response.json()) as Json;
      assert.deepEqual([data, errors[0].extensions.code], [undefined, code]);
    });
  }

  it('answers after the time that Mock-Latency-Ms requests', async () => {
    const start = performance.now();
    const headers = { 'mock-latency-ms': '300' };
    const { body } = await send(mock, 'web', '{ viewer { id } }', { headers });
    assert.equal(body.data.viewer.id, USER);
    // A timer may end a millisecond early.
    assert.ok(performance.now() - start >= 299);
  });

  for (const [name, value, message] of [
    ['mock-error', 'orders', /Mock-Error must be Type\.field=CODE.*not "orders"/],
    ['mock-error', 'Viewer.order=NOT_FOUND', /the schema has no field Viewer\.order\./],
    ['mock-error', 'Viewer.orders=OOPS', /"OOPS" is no code\. Send one of BAD_REQUEST, /],
    ['mock-latency-ms', '1.5', /Mock-Latency-Ms must be a number of milliseconds, 0 to 60000\./],
    ['mock-delay', '1', /There is no header mock-delay: send Mock-Latency-Ms or Mock-Error\./],
  ] as const) {
    it(`refuses ${name}: ${value}`, async () => {
      const headers = { [name]: value };
      const { status, body } = await send(mock, 'web', '{ viewer { id } }', { headers });
      assert.equal(status, 400);
      assert.equal(body.errors[0].extensions.code, 'BAD_REQUEST');
      assert.match(body.errors[0].message, message);
    });
  }

  it('has an error for what a datasource without a mock should load', async () => {
    const create = createMockSource('inventory', {} as Values, new Map());
    const inventory = create({} as never) as { byId: (id: string) => Promise<unknown> };
    await assert.rejects(inventory.byId('1'), { code: 'UPSTREAM_UNAVAILABLE' });
    assert.deepEqual(mock.unmocked, []);
  });
});

describe('npm run mock', () => {
  it('refuses to run in production, with one message', async () => {
    const env = { ...ENV, PATH: process.env.PATH, NODE_ENV: 'production' };
    const { code, stdout, stderr } = await runProcess(process.execPath, [MOCK], { env });
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /^NODE_ENV is production: [^\n]+\n$/);
  });

  it('refuses a seed that is no number, and names each invalid variable', async () => {
    const env = { ...ENV, PATH: process.env.PATH, WEB_PORT: 'x', MOBILE_PORT: 'y' };
    const seed = await runProcess(process.execPath, [MOCK, '--seed', 'one'], { env });
    assert.deepEqual(seed, {
      code: 1,
      stdout: '',
      stderr: '--seed must be a whole number, not "one"\n',
    });
    const ports = await runProcess(process.execPath, [MOCK], { env });
    assert.equal(ports.code, 1);
    assert.match(ports.stderr, /WEB_PORT: /);
    assert.match(ports.stderr, /MOBILE_PORT: /);
  });

  it('prints the address of each BFF and a line that begins with ready, and ends with 0', async () => {
    const program = spawn(process.execPath, [MOCK, '--seed', '7'], {
      env: { ...ENV, PATH: process.env.PATH },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exit = once(program, 'exit');
    let output = '';
    program.stdout.on('data', (text) => (output += text));
    await until(() => /^ready/m.test(output) || program.exitCode !== null);
    const urls = new Map(
      [...output.matchAll(/^(\w+) +\| (http\S+)$/gm)].map(([, name = '', url = '']) => [name, url]),
    );
    assert.deepEqual([...urls.keys()].sort(), bffNames().sort());
    assert.match(output, /^ready in \d+\.\d s, with seed 7\. Next: open http\S+ in a browser$/m);
    const result = await send({ urls }, 'web', '{ viewer { id } }');
    assert.equal(result.body.data.viewer.id, USER);
    program.kill('SIGTERM');
    assert.deepEqual(await exit, [0, null]);
  });
});

const disposable = (mock: Mock) => ({ ...mock, [Symbol.asyncDispose]: mock.close });
