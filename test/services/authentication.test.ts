import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SignJWT } from 'jose';
import { createNotificationService } from '../../services/notification/service.ts';
import { createOrderService } from '../../services/order/service.ts';
import { createUserService } from '../../services/user/service.ts';
import { type Running, start } from './harness.ts';

const viewerKey = 'a-key-of-tests-that-is-32-bytes-long';
const serviceToken = 'token-of-tests';
const order = { userId: '42', currency: 'EUR', items: [{ sku: 'CUP-STONE', quantity: 2 }] };
const unknown = { status: 401, body: { code: 'viewer_unknown' } };
const mismatch = { status: 403, body: { code: 'viewer_mismatch' } };

type Claims = { sub?: string; role?: string; iss?: string; aud?: string; exp?: number | undefined };
const inMinutes = (minutes: number) => Math.floor(Date.now() / 1000) + minutes * 60;

async function viewer(claims: Claims, key = viewerKey, alg = 'HS256') {
  const all = { iss: 'frontdesk', sub: '42', role: 'customer', exp: inMinutes(1), ...claims };
  const payload = Object.fromEntries(Object.entries(all).filter(([, value]) => value));
  const jws = new SignJWT(payload).setProtectedHeader({ alg });
  return { 'x-viewer': await jws.sign(new TextEncoder().encode(key)) };
}

const update = (users: Running, headers = {}, id = '42') =>
  users.send('PATCH', `/users/${id}`, { name: 'Changed' }, headers);

describe('Authentication', () => {
  it('requires the service token for all operations except keys and demo tokens', async () => {
    await using users = await start(createUserService, { serviceToken });
    const refused = { status: 401, body: { code: 'unauthorized' } };
    for (const authorization of [
      '',
      serviceToken,
      'Bearer',
      'Bearer x',
      `Bearer ${serviceToken}x`,
    ]) {
      assert.deepEqual(await users.send('GET', '/users/42', undefined, { authorization }), refused);
    }
    assert.deepEqual(await users.get('/users?ids=42'), refused);
    assert.deepEqual(await update(users), refused);
    assert.equal((await users.get('/.well-known/jwks.json')).status, 200);
    assert.equal((await users.send('POST', '/tokens', { userId: '42' })).status, 201);
    const authorization = `Bearer ${serviceToken}`;
    assert.equal((await users.send('GET', '/users/42', undefined, { authorization })).status, 200);
    assert.equal((await update(users, { authorization })).status, 200);
    assert.equal((await users.get('/_control/requests')).body.total, 11);
  });

  it('requires both credentials if both are configured', async () => {
    await using users = await start(createUserService, { serviceToken, viewerKey });
    const authorization = `Bearer ${serviceToken}`;
    const signed = await viewer({ aud: 'user' });
    assert.deepEqual((await update(users, signed)).body, { code: 'unauthorized' });
    assert.deepEqual(await update(users, { authorization }), unknown);
    assert.equal((await update(users, { authorization, ...signed })).status, 200);
  });

  it('refuses a viewer that can’t be verified, also where none is required', async () => {
    await using users = await start(createUserService, { viewerKey });
    const aud = 'user';
    const [header, payload, signature] = (await viewer({ aud }))['x-viewer'].split('.');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    const wrong: [string, Record<string, string>][] = [
      ['empty', { 'x-viewer': '' }],
      ['no JWS', { 'x-viewer': '42' }],
      ['no algorithm', { 'x-viewer': `${none}.${payload}.` }],
      ['cut', { 'x-viewer': `${header}.${payload}.${signature?.slice(1)}` }],
      ['another key', await viewer({ aud }, 'another-key-that-is-32-bytes-long')],
      ['another algorithm', await viewer({ aud }, viewerKey.repeat(2), 'HS512')],
      ['another service', await viewer({ aud: 'order' })],
      ['no service', await viewer({})],
      ['another issuer', await viewer({ aud, iss: 'somebody' })],
      ['expired', await viewer({ aud, exp: inMinutes(-1) })],
      ['never expires', await viewer({ aud, exp: undefined })],
      ['nobody', await viewer({ aud, sub: '' })],
      ['no role', await viewer({ aud, role: '' })],
    ];
    for (const [what, headers] of wrong) {
      assert.deepEqual(await update(users, headers), unknown, what);
      assert.deepEqual(await users.send('GET', '/users/42', undefined, headers), unknown, what);
    }
    assert.deepEqual(await update(users), unknown);
    assert.equal((await users.get('/users/42')).body.name, 'Amara Okafor');
    const signed = await viewer({ aud });
    assert.equal((await users.send('GET', '/users/42', undefined, signed)).status, 200);
  });

  it('gives a viewer the data of this user only, and staff all data', async () => {
    await using users = await start(createUserService, { viewerKey });
    await using orders = await start(createOrderService, { viewerKey });
    const { body } = await orders.get('/orders?user=42&limit=1');
    const [{ id }] = body.orders;
    for (const [aud, service, own, foreign] of [
      ['user', users, '/users/42', '/users?search=a'],
      ['user', users, '/users/42', '/users?ids=42'],
      ['order', orders, `/orders/${id}`, '/orders?recent=1'],
      ['order', orders, '/orders?user=42', `/orders?ids=${id}`],
      ['order', orders, '/orders?user=42', '/orders?users=42'],
    ] as const) {
      const get = async (path: string, claims: Claims) =>
        service.send('GET', path, undefined, await viewer({ aud, ...claims }));
      assert.equal((await get(own, {})).status, 200, own);
      assert.deepEqual(await get(own, { sub: '43' }), mismatch, own);
      assert.deepEqual(await get(foreign, {}), mismatch, foreign);
      assert.equal((await get(foreign, { sub: '1', role: 'staff' })).status, 200, foreign);
    }
  });

  it('lets only the user change a profile, place an order and read a notification', async () => {
    await using users = await start(createUserService, { viewerKey });
    await using orders = await start(createOrderService, { viewerKey });
    await using notifications = await start(createNotificationService, { viewerKey });
    const place = (headers: Record<string, string>) =>
      orders.send('POST', '/orders', order, { 'idempotency-key': 'k', ...headers });
    const read = (headers: Record<string, string>) =>
      notifications.send('POST', '/notifications/read', { userId: '42', ids: ['1'] }, headers);
    for (const [aud, act, done] of [
      ['user', (headers: Record<string, string>) => update(users, headers), 200],
      ['order', place, 201],
      ['notification', read, 200],
    ] as const) {
      assert.deepEqual(await act({}), unknown);
      assert.deepEqual(await act(await viewer({ aud, sub: '43' })), mismatch);
      assert.deepEqual(await act(await viewer({ aud, sub: '1', role: 'staff' })), mismatch);
      assert.equal((await act(await viewer({ aud }))).status, done);
    }
    assert.equal((await orders.get('/orders?user=42&limit=100')).body.orders.length, 24);
  });

  it('lets the owner or staff cancel an order', async () => {
    await using orders = await start(createOrderService, { viewerKey });
    const aud = 'order';
    const { body } = await orders.get('/orders?user=42&status=placed&limit=2');
    const [first] = body.orders;
    const cancel = (headers = {}, id = first.id) =>
      orders.send('POST', `/orders/${id}/cancel`, undefined, headers);
    assert.deepEqual(await cancel(), unknown);
    assert.deepEqual(await cancel(await viewer({ aud, sub: '43' })), mismatch);
    assert.equal((await orders.get(`/orders/${first.id}`)).body.status, 'placed');
    assert.equal((await cancel(await viewer({ aud }))).body.status, 'cancelled');
    assert.equal((await cancel(await viewer({ aud, sub: '1', role: 'staff' }))).status, 200);
    assert.equal((await cancel(await viewer({ aud }), '999999')).status, 404);
  });

  it('is off without a key and a token', async () => {
    await using users = await start(createUserService);
    const headers = { 'x-viewer': 'nonsense', authorization: 'Bearer nonsense' };
    assert.equal((await update(users, headers)).status, 200);
  });

  it('comes after faults', async () => {
    await using users = await start(createUserService, { serviceToken });
    users.control.faults({ getUser: { status: 503 } });
    assert.equal((await users.get('/users/42')).status, 503);
  });
});
