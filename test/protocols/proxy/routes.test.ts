import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { partner } from '../../../bff-partner/bff.ts';
import { web } from '../../../bff-web/bff.ts';
import { createOrderService } from '../../../services/order/service.ts';
import { createUserService } from '../../../services/user/service.ts';
import { anyone, nobody, ownerOrStaff, scoped } from '../../../src/auth/rules.ts';
import { compileRoute } from '../../../src/protocols/proxy/routes.ts';
import { authorization, type Json, startEnvironment } from '../../support/environment.ts';
import { OPEN, recorder, startProxy } from './harness.ts';

const VIEWER_KEY = 'a-key-of-tests-that-is-32-bytes-long';
const TOKEN = 'token-of-tests';

/** The web BFF with services that demand a credential and a signed viewer. */
async function startGuarded(env: NodeJS.ProcessEnv = {}) {
  await using started = new AsyncDisposableStack();
  const options = { serviceToken: TOKEN, viewerKey: VIEWER_KEY };
  const [users, orders] = await Promise.all([
    createUserService(options),
    createOrderService(options),
  ]);
  const local = { host: '127.0.0.1', port: 0 };
  started.defer(() => users.close());
  started.defer(() => orders.close());
  const environment = started.use(
    await startEnvironment(web, {
      USER_SERVICE_URL: await users.listen(local),
      ORDER_SERVICE_URL: await orders.listen(local),
      UPSTREAM_TOKEN: TOKEN,
      VIEWER_SIGNING_KEY: VIEWER_KEY,
      ...env,
    }),
  );
  const rest = started.move();
  const send = async (as: string, path: string, init: RequestInit = {}) => {
    const headers = { ...(await authorization(as)), ...(init.headers as object) };
    const response = await fetch(environment.url + path, { ...init, headers });
    const body = (await response.json()) as Json;
    return { status: response.status, headers: response.headers, body };
  };
  const calls = () =>
    users.control.requests().recent.filter(({ operation }) => operation !== 'jwks');
  return { environment, calls, send, [Symbol.asyncDispose]: () => rest.disposeAsync() };
}

describe('The pass-through routes of the web BFF', () => {
  it('give staff what services answer, with the signed viewer and the credential of the BFF', async () => {
    await using guarded = await startGuarded();
    const user = await guarded.send('staff', '/api/users/42');
    assert.equal(user.status, 200);
    assert.equal(user.body.email, 'amara.okafor42@example.org');
    const orders = await guarded.send('staff', '/api/orders?user=42&limit=2');
    assert.equal(orders.body.orders.length, 2);
    const [call] = guarded.calls();
    assert.match(String(call?.headers['x-viewer']), /^ey/);
  });

  it('are closed to everyone else, and no service is called', async () => {
    await using guarded = await startGuarded();
    const customer = await guarded.send('42', '/api/users/42');
    assert.equal(customer.status, 403);
    assert.equal(customer.body.errors[0].extensions.code, 'FORBIDDEN');
    const anonymous = await guarded.send('anonymous', '/api/users/42');
    assert.equal(anonymous.status, 401);
    assert.equal(anonymous.headers.get('www-authenticate'), 'Bearer');
    const invalid = await guarded.send('anonymous', '/api/users/42', {
      headers: { authorization: 'Bearer x.y.z' },
    });
    assert.equal(invalid.status, 401);
    assert.deepEqual(guarded.calls(), []);
  });

  it('pass on what the service refuses the viewer', async () => {
    await using guarded = await startGuarded();
    const json = { 'content-type': 'application/json' };
    const refused = await guarded.send('staff', '/api/users/42', {
      method: 'PATCH',
      headers: json,
      body: '{"name":"X"}',
    });
    assert.deepEqual([refused.status, refused.body.code], [403, 'viewer_mismatch']);
    const missing = await guarded.send('staff', '/api/orders/999999');
    assert.equal(missing.status, 404);
  });

  it('purge the tags of what a write has changed before the answer leaves', async () => {
    await using guarded = await startGuarded({ CACHE_MEMORY_MB: '8' });
    const query =
      '{ viewer { orders(first: 1, status: PLACED) { edges { node { id status } } } } }';
    const read = async () => {
      const { headers, body } = await guarded.environment.send(query, { as: '42' });
      return { cache: headers.get('cache-status'), order: body.data.viewer.orders.edges[0]?.node };
    };
    const { order } = await read();
    assert.match((await read()).cache ?? '', /hit/);
    const cancelled = await guarded.send('staff', `/api/orders/${order.id}/cancel`, {
      method: 'POST',
    });
    assert.deepEqual([cancelled.status, cancelled.body.status], [200, 'cancelled']);
    const after = await read();
    assert.doesNotMatch(after.cache ?? '', /hit/);
    assert.notEqual(after.order?.id, order.id);
  });

  it('are charged to the rate limit of the viewer, ten units each', async () => {
    await using guarded = await startGuarded({ RATE_LIMIT_VIEWER: '25' });
    const first = await guarded.send('staff', '/api/users/1');
    assert.match(first.headers.get('ratelimit') ?? '', /"viewer";r=15/);
    assert.equal((await guarded.send('staff', '/api/users/1')).status, 200);
    const third = await guarded.send('staff', '/api/users/1');
    assert.deepEqual([third.status, third.body.errors[0].extensions.code], [429, 'RATE_LIMITED']);
  });
});

describe('A refused request of a pass-through route', () => {
  it('costs its viewer one unit', async () => {
    await using proxy = await startProxy(
      recorder().handle,
      { permission: nobody },
      {
        RATE_LIMIT_VIEWER: '3',
      },
    );
    const headers = await authorization('42');
    const statuses: number[] = [];
    for (let n = 0; n < 5; n++) {
      statuses.push((await fetch(`${proxy.url}/x/1`, { headers })).status);
    }
    assert.deepEqual(statuses, [403, 403, 403, 429, 429]);
  });
});

describe('A pass-through route', () => {
  it('is selected by method, host, header and version, in the order of the definition', async () => {
    const { handle, seen } = recorder();
    await using proxy = await startProxy(handle, [
      { ...OPEN, methods: ['GET'], version: '2', target: '/version/*' },
      { ...OPEN, methods: ['GET'], header: { name: 'X-Beta', value: 'yes' }, target: '/header/*' },
      { ...OPEN, methods: ['GET'], host: 'other.example', target: '/host/*' },
      { ...OPEN, methods: ['POST'], target: '/method/*' },
      { ...OPEN, path: '/x/{id}/y', methods: ['GET'], target: '/path/{id}' },
      { ...OPEN, methods: ['GET'], target: '/orders/*' },
    ]);
    for (const [init, target, path = '/x/1'] of [
      [{ headers: { 'accept-version': '2.1' } }, '/version/1'],
      [{ headers: { 'accept-version': '20' } }, '/orders/1'],
      [{ headers: { 'x-beta': 'yes' } }, '/header/1'],
      [{ headers: { 'x-beta': 'no' } }, '/orders/1'],
      [{ method: 'POST' }, '/method/1'],
      [{}, '/path/7', '/x/7/y'],
      [{}, '/orders/7/z', '/x/7/z'],
      [{}, '/orders?a=1&b=%20%2F', '/x?a=1&b=%20%2F'],
    ] as const) {
      const response = await fetch(proxy.url + path, init as RequestInit);
      assert.equal(response.status, 200);
      assert.equal(seen.at(-1)?.url, target);
    }
    const refused = await fetch(`${proxy.url}/x/1`, { method: 'PUT' });
    assert.deepEqual([refused.status, refused.headers.get('allow')], [405, 'GET, HEAD, POST']);
  });

  it('answers HEAD like GET, without a body', async () => {
    const { handle, seen } = recorder();
    await using proxy = await startProxy(handle);
    const response = await fetch(`${proxy.url}/x/1`, { method: 'HEAD' });
    assert.equal(response.status, 200);
    assert.equal(seen[0]?.method, 'HEAD');
  });

  for (const [what, changed, message] of [
    ['a name that its path does not have', { target: '/users/{id}' }, /the path has no \{id\}/],
    ['a tag with a name of no path', { purges: ['User:{id}'] }, /the path has no \{id\}/],
    ['a rule that loads objects', { permission: ownerOrStaff('x', () => '1') }, /permission/],
    ['a rule that is not called', { permission: scoped as never }, /permission/],
    ['a path that begins with a name', { path: '/{id}/*' }, /begin with a name/],
    ['a path of the server', { path: '/graphql/*' }, /belongs to the server/],
    ['a path with an encoded slash', { path: '/x%2fy' }, /no path/],
    [
      'a header rule about the credential',
      { headers: { request: { rename: { 'x-a': 'authorization' } } } },
      /authorization/,
    ],
    [
      'a header rule about the viewer',
      { headers: { request: { add: { 'x-viewer': 'a' } } } },
      /x-viewer/,
    ],
    [
      'a header rule in upper case',
      { headers: { response: { remove: ['X-A'] } } },
      /no header name in lower case/,
    ],
    ['a field without a name', { json: { response: { remove: ['a..b'] } } }, /no path of a field/],
  ] as const) {
    it(`is refused at the start: ${what}`, () => {
      assert.throws(() => compileRoute({ ...OPEN, ...(changed as object) }), message);
    });
  }

  it('may be used by the pages of other origins with its methods', async () => {
    const origin = 'https://app.example';
    const routes = [{ ...OPEN, methods: ['PATCH'] }] as const;
    await using proxy = await startProxy(recorder().handle, routes, { CORS_ORIGINS: origin });
    const headers = { origin, 'access-control-request-method': 'PATCH' };
    const preflight = await fetch(`${proxy.url}/x/1`, { method: 'OPTIONS', headers });
    assert.match(preflight.headers.get('access-control-allow-methods') ?? '', /PATCH/);
    const response = await fetch(`${proxy.url}/x/1`, { method: 'PATCH', headers: { origin } });
    assert.equal(response.headers.get('access-control-allow-origin'), origin);
    assert.match(response.headers.get('vary') ?? '', /Origin/);
  });

  it('is refused at the start if an operation has its path', async () => {
    const routes = [{ ...OPEN, path: '/v1/orders/*' }] as const;
    await assert.rejects(
      startEnvironment({ ...partner, routes }),
      /Route \/v1\/orders: .*endpoint/,
    );
  });

  it('is refused at the start if there is no such upstream', async () => {
    await assert.rejects(startProxy(recorder().handle, { upstream: 'nothing' }), /nothing/);
  });

  it('is refused at the start if its upstream is called over gRPC', async () => {
    const changed = { upstream: 'notification' };
    const env = { NOTIFICATION_SERVICE_URL: 'grpc://127.0.0.1:1' };
    await assert.rejects(startProxy(recorder().handle, changed, env), /over gRPC/);
  });

  it('may be closed to everyone, or open to scopes', async () => {
    const routes = [
      { ...OPEN, path: '/closed/*', permission: nobody },
      { ...OPEN, path: '/scoped/*', permission: scoped('orders:read') },
      { ...OPEN, path: '/open/*', permission: anyone },
    ] as const;
    await using proxy = await startProxy(recorder().handle, routes);
    const statusOf = async (path: string, as: string) =>
      (await fetch(proxy.url + path, { headers: await authorization(as) })).status;
    assert.equal(await statusOf('/closed/1', 'staff'), 403);
    assert.equal(await statusOf('/scoped/1', '42'), 200);
    assert.equal(await statusOf('/scoped/1', 'anonymous'), 401);
    assert.equal(await statusOf('/open/1', 'anonymous'), 200);
  });
});
