import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createNotificationService } from '../../services/notification/service.ts';
import { createOrderService } from '../../services/order/service.ts';
import { CAST } from '../../services/support/cast.ts';
import { DEMO_PURGE_SECRET } from '../../services/support/demo-purge-secret.ts';
import { createUserService } from '../../services/user/service.ts';
import { until } from '../support/until.ts';
import { idsOf, type Running, start } from './client.ts';
import { signatureOf, startSubscriber } from './subscriber.ts';

const order = { userId: '42', currency: 'EUR', items: [{ sku: 'CUP-STONE', quantity: 2 }] };
const key = { 'idempotency-key': 'k' };

const rename = (users: Running, id = '42') => users.send('PATCH', `/users/${id}`, { name: 'New' });

test('a changed profile is told of, with the lists of users', async () => {
  await using subscriber = await startSubscriber();
  await using users = await start(createUserService);
  users.control.subscribe([subscriber.url]);
  await rename(users);
  await until(() => subscriber.deliveries.length === 1);
  assert.deepEqual(subscriber.tags(), [['User:42', 'users']]);
});

test('placed and cancelled orders are told of, with the lists that they enter or leave', async () => {
  await using subscriber = await startSubscriber();
  await using orders = await start(createOrderService);
  orders.control.subscribe([subscriber.url]);
  const { body: placed } = await orders.send('POST', '/orders', order, key);
  await until(() => subscriber.deliveries.length === 1);
  const { status } = await orders.send('POST', `/orders/${placed.id}/cancel`);
  assert.equal(status, 200);
  await until(() => subscriber.deliveries.length === 2);
  const itself = `Order:${placed.id}`;
  assert.deepEqual(subscriber.tags(), [
    [itself, 'orders:user=42', 'orders:user=42&status=placed', 'orders:recent'],
    [itself, 'orders:user=42&status=placed', 'orders:user=42&status=cancelled'],
  ]);
});

test('read notifications are told of, but for those that are not the user’s', async () => {
  await using subscriber = await startSubscriber();
  await using notifications = await start(createNotificationService);
  notifications.control.subscribe([subscriber.url]);
  const listed = async (user: string) =>
    idsOf((await notifications.get(`/notifications?user=${user}&limit=2`)).body.notifications);
  const theirs = await listed(CAST.otherCustomer);
  const own = await listed(CAST.customer);
  const read = (ids: string[]) =>
    notifications.send('POST', '/notifications/read', { userId: CAST.customer, ids });
  assert.equal((await read(theirs)).status, 200);
  await read([...theirs, ...own]);
  await until(() => subscriber.deliveries.length > 0);
  const each = own.map((id) => `Notification:${id}`);
  assert.deepEqual(subscriber.tags(), [
    [...each, 'notifications:user=42&unread', 'unread:user=42'],
  ]);
});

test('an event is signed, and the same for all subscribers', async () => {
  await using first = await startSubscriber();
  await using second = await startSubscriber();
  for (const [options, secret] of [
    [{}, DEMO_PURGE_SECRET],
    [{ purgeSecret: 'sécret of tests' }, 'sécret of tests'],
  ] as const) {
    await using users = await start(createUserService, { now: () => 0, ...options });
    users.control.subscribe([`${first.url}?of=users`, second.url, second.url]);
    await rename(users);
    await until(() => first.deliveries.length === 1 && second.deliveries.length === 1);
    const [[one], [other]] = [first.deliveries.splice(0), second.deliveries.splice(0)];
    assert.ok(one && other);
    const { 'webhook-id': id, ...headers } = one.headers;
    assert.deepEqual([one.method, one.url], ['POST', '/purge?of=users']);
    assert.equal(headers['content-type'], 'application/json');
    assert.match(String(id), /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);
    assert.ok(Math.abs(Number(headers['webhook-timestamp']) - Date.now() / 1000) < 60);
    assert.deepEqual([other.body, other.headers['webhook-id']], [one.body, id]);
    for (const delivery of [one, other]) {
      assert.equal(delivery.headers['webhook-signature'], signatureOf(delivery, secret));
    }
  }
});

test('reads and refusals are not told of, nor what a fault kept from being done', async () => {
  await using subscriber = await startSubscriber();
  await using users = await start(createUserService);
  users.control.subscribe([subscriber.url]);
  await users.get('/users/42');
  await users.get('/users?ids=42');
  await users.send('POST', '/tokens', { userId: '42' });
  for (const [id, body, status] of [
    ['42', { name: '' }, 422],
    ['4711', { name: 'New' }, 404],
    [CAST.deleted, { name: 'New' }, 410],
  ] as const) {
    assert.equal((await users.send('PATCH', `/users/${id}`, body)).status, status);
  }
  users.control.faults({ updateUser: { status: 503 } });
  assert.equal((await rename(users)).status, 503);
  users.control.clear();
  await rename(users, '43');
  await until(() => subscriber.deliveries.length > 0);
  assert.deepEqual(subscriber.tags(), [['User:43', 'users']]);
});

test('what is done is told of, whatever becomes of its answer', async () => {
  await using subscriber = await startSubscriber();
  await using users = await start(createUserService);
  users.control.subscribe([subscriber.url]);
  const faults = [
    { status: 502, afterWork: true },
    { reset: true, afterWork: true },
    { cutBody: 'reset' },
    { malformed: 'json' },
  ] as const;
  for (const [index, fault] of faults.entries()) {
    users.control.faults({ updateUser: fault });
    const ok = await rename(users).then(
      ({ status }) => status === 200,
      () => false,
    );
    assert.equal(ok, false);
    await until(() => subscriber.deliveries.length === index + 1);
  }
  assert.equal(subscriber.ids().size, faults.length);
});

test('subscribers are replaced by control, and survive its other uses', async () => {
  await using first = await startSubscriber();
  await using second = await startSubscriber();
  await using users = await start(createUserService);
  const put = (body: unknown) => users.send('PUT', '/_control/subscribers', body);
  assert.deepEqual(await put({ urls: [first.url] }), { status: 204, body: undefined });
  assert.equal((await put({ urls: [second.url] })).status, 204);
  await users.send('DELETE', '/_control/faults');
  await users.send('DELETE', '/_control/requests');
  await rename(users);
  await until(() => second.deliveries.length === 1);
  assert.equal((await put({ urls: [] })).status, 204);
  await rename(users);
  await put({ urls: [second.url] });
  await rename(users, '43');
  await until(() => second.deliveries.length === 2);
  assert.deepEqual(second.tags()[1], ['User:43', 'users']);
  assert.deepEqual(first.deliveries, []);
});

test('wrong subscribers are refused and change nothing', async () => {
  await using subscriber = await startSubscriber();
  await using users = await start(createUserService);
  users.control.subscribe([subscriber.url]);
  const { url } = subscriber;
  for (const [body, field, code] of [
    [undefined, 'body', 'missing'],
    [[], 'body', 'wrong_type'],
    [{}, 'urls', 'missing'],
    [{ urls: url }, 'urls', 'wrong_type'],
    [{ urls: [url, 1] }, 'urls.1', 'wrong_type'],
    [{ urls: ['purge'] }, 'urls.0', 'not_a_url'],
    [{ urls: ['file:///etc/passwd'] }, 'urls.0', 'not_a_url'],
    [{ urls: Array(21).fill(url) }, 'urls', 'too_many'],
    [{ urls: [], secret: 'x' }, 'secret', 'unknown_field'],
  ] as const) {
    const errors = [{ field, code }];
    const refused = { status: 400, body: { code: 'invalid', errors } };
    assert.deepEqual(await users.send('PUT', '/_control/subscribers', body), refused);
  }
  assert.throws(() => users.control.subscribe(['ftp://127.0.0.1/']), { status: 400 });
  await rename(users);
  await until(() => subscriber.deliveries.length === 1);
});
