import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNotificationService } from '../../services/notification/service.ts';
import { createOrderService } from '../../services/order/service.ts';
import { CAST } from '../../services/support/cast.ts';
import { DEMO_PURGE_SECRET } from '../../services/support/demo-purge-secret.ts';
import { createEventPublisher, DELIVERY_POLICY } from '../../services/support/event-publisher.ts';
import { createUserService } from '../../services/user/service.ts';
import { until } from '../support/until.ts';
import { idsOf, type Running, start } from './harness.ts';
import { closedUrl, fail, hang, signatureOf, startSubscriber, take } from './subscriber.ts';

describe('Events', () => {
  const order = { userId: '42', currency: 'EUR', items: [{ sku: 'CUP-STONE', quantity: 2 }] };
  const key = { 'idempotency-key': 'k' };

  const rename = (users: Running, id = '42') =>
    users.send('PATCH', `/users/${id}`, { name: 'New' });

  it('name a changed profile and the lists of users', async () => {
    await using subscriber = await startSubscriber();
    await using users = await start(createUserService);
    users.control.subscribe([subscriber.url]);
    await rename(users);
    await until(() => subscriber.deliveries.length === 1);
    assert.deepEqual(subscriber.tags(), [['User:42', 'users']]);
  });

  it('name placed and cancelled orders and the lists that they enter or leave', async () => {
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

  it('say which object of which user is new or has changed', async () => {
    await using subscriber = await startSubscriber();
    await using orders = await start(createOrderService);
    await using notifications = await start(createNotificationService);
    for (const { control } of [orders, notifications]) control.subscribe([subscriber.url]);
    const { body: placed } = await orders.send('POST', '/orders', order, key);
    await until(() => subscriber.deliveries.length === 1);
    await orders.send('POST', `/orders/${placed.id}/cancel`);
    await until(() => subscriber.deliveries.length === 2);
    const sent = { userId: '42', kind: 'account', title: 'New', body: 'A text.' };
    const { status, body: created } = await notifications.send('POST', '/notifications', sent);
    assert.equal(status, 201);
    await until(() => subscriber.deliveries.length === 3);
    const { body: page } = await notifications.get('/notifications?user=42&limit=1');
    assert.deepEqual(idsOf(page.notifications), [created.id]);
    const events = subscriber.deliveries.map(({ body }) => JSON.parse(body));
    const changed = { type: 'order.changed', data: { user: '42', id: placed.id } };
    assert.deepEqual(
      events.map(({ type, data }) => ({ type, data })),
      [changed, changed, { type: 'notification.created', data: { user: '42', id: created.id } }],
    );
    assert.deepEqual(events[2].tags, [
      'notifications:user=42',
      'notifications:user=42&unread',
      'unread:user=42',
    ]);
  });

  it('name read notifications, without those of other users', async () => {
    await using subscriber = await startSubscriber();
    await using notifications = await start(createNotificationService);
    notifications.control.subscribe([subscriber.url]);
    const listed = async (user: string) =>
      idsOf((await notifications.get(`/notifications?user=${user}&limit=2`)).body.notifications);
    const foreignIds = await listed(CAST.otherCustomer);
    const ownIds = await listed(CAST.customer);
    const read = (ids: string[]) =>
      notifications.send('POST', '/notifications/read', { userId: CAST.customer, ids });
    assert.equal((await read(foreignIds)).status, 200);
    await read([...foreignIds, ...ownIds]);
    await until(() => subscriber.deliveries.length > 0);
    const each = ownIds.map((id) => `Notification:${id}`);
    assert.deepEqual(subscriber.tags(), [
      [...each, 'notifications:user=42&unread', 'unread:user=42'],
    ]);
  });

  it('are signed and equal for all subscribers', async () => {
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

  it('are not published for reads, refused writes and writes that a fault prevents', async () => {
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

  it('are published for each write, even if a fault replaces its response', async () => {
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

  it('go to the subscribers that control has set last, regardless of its other uses', async () => {
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

  it('go to the same subscribers after invalid ones were refused', async () => {
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
});

describe('Event deliveries', () => {
  /** How long a response waits for deliveries; timers may be early by a fraction. */
  const MAX_WAIT_MS = DELIVERY_POLICY.maxWaitMs - 1;
  /** Earlier than the timeout of any delivery attempt. */
  const BEFORE_TIMEOUT_MS = DELIVERY_POLICY.attemptTimeoutMs - 100;

  async function startUsers(...urls: string[]) {
    const users = await start(createUserService);
    users.control.subscribe(urls);
    return {
      ...users,
      /** @returns the status of the response and its time in milliseconds */
      async write() {
        const before = performance.now();
        const { status } = await users.send('PATCH', '/users/42', { locale: 'en-GB' });
        return { status, tookMs: performance.now() - before };
      },
    };
  }

  function startPublisher(url: string, policy: Partial<typeof DELIVERY_POLICY>) {
    const publisher = createEventPublisher(DEMO_PURGE_SECRET, { ...DELIVERY_POLICY, ...policy });
    publisher.subscribe([url]);
    return { ...publisher, [Symbol.asyncDispose]: async () => publisher.close() };
  }

  /** By then, the first retry of every earlier failure would have arrived. */
  const untilRetriedTwice = ({ deliveries }: { deliveries: readonly unknown[] }) =>
    until(() => deliveries.length === 3);

  it('are awaited before the response to a write', async () => {
    let hasResponded = false;
    await using subscriber = await startSubscriber(async (response) => {
      await sleep(40);
      hasResponded = true;
      response.writeHead(200).end('an unread body');
    });
    await using users = await startUsers(subscriber.url);
    const { status, tookMs } = await users.write();
    assert.equal(status, 200);
    assert.ok(hasResponded || tookMs >= MAX_WAIT_MS);
  });

  it('neither fail a write nor delay it for long if a subscriber is slow or down', async () => {
    await using slow = await startSubscriber(hang);
    await using quick = await startSubscriber();
    await using users = await startUsers(await closedUrl(), slow.url, quick.url);
    const { status, tookMs } = await users.write();
    assert.equal(status, 200);
    assert.ok(tookMs >= MAX_WAIT_MS && tookMs < BEFORE_TIMEOUT_MS, `${tookMs} ms`);
    await until(() => quick.deliveries.length === 1);
  });

  it('are retried after a failure, as the same event with a new signature', async () => {
    await using subscriber = await startSubscriber((response, nth) => {
      if (nth === 1) return fail(response, nth);
      return nth === 2 ? response.destroy() : take(response, nth);
    });
    await using users = await startUsers(subscriber.url);
    await users.write();
    await until(() => subscriber.deliveries.length === 3);
    assert.equal(subscriber.ids().size, 1);
    for (const delivery of subscriber.deliveries) {
      assert.equal(delivery.body, '{"tags":["User:42","users"]}');
      const signature = delivery.headers['webhook-signature'];
      assert.equal(signature, signatureOf(delivery, DEMO_PURGE_SECRET));
    }
  });

  it('are aborted and retried if there is no response in time', async () => {
    await using subscriber = await startSubscriber(
      (response, nth) => nth > 1 && take(response, nth),
    );
    await using publisher = startPublisher(subscriber.url, { attemptTimeoutMs: 50 });
    await publisher.publish(['users']);
    await until(() => subscriber.deliveries.length === 2);
    assert.equal(subscriber.deliveries[0]?.response.destroyed, true);
    assert.equal(subscriber.ids().size, 1);
  });

  it('are retried after each delay of the policy, and then given up', async () => {
    const retryDelaysMs = [10, 20, 40, 80];
    const times: number[] = [];
    await using subscriber = await startSubscriber((response, nth) => {
      times.push(performance.now());
      fail(response, nth);
    });
    await using publisher = startPublisher(subscriber.url, { retryDelaysMs });
    await publisher.publish(['users']);
    await until(() => times.length === 5);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    // Timers may be early by a fraction.
    gaps.forEach((gap, index) => {
      assert.ok(gap >= (retryDelaysMs[index] ?? 0) - 1, `gaps of ${gaps} ms`);
    });
    await sleep(100);
    assert.equal(times.length, 5);
  });

  it('time out after 2 s and have five retries, each after twice the delay of the one before', () => {
    assert.deepEqual(DELIVERY_POLICY, {
      maxWaitMs: 500,
      attemptTimeoutMs: 2_000,
      retryDelaysMs: [100, 200, 400, 800, 1_600],
    });
  });

  it('are not retried after a refusal or a redirect, or for removed subscribers', async () => {
    await using refusing = await startSubscriber((response) => response.writeHead(410).end());
    await using moved = await startSubscriber((response) =>
      response.writeHead(307, { location: '/elsewhere' }).end(),
    );
    await using failing = await startSubscriber(fail);
    await using removed = await startSubscriber((response, nth) => {
      users.control.subscribe([refusing.url, moved.url, failing.url]);
      fail(response, nth);
    });
    await using users = await startUsers(removed.url);
    await users.write();
    await users.write();
    await untilRetriedTwice(failing);
    for (const { deliveries } of [refusing, moved, removed]) assert.equal(deliveries.length, 1);
  });

  it('end when the service closes', async () => {
    await using subscriber = await startSubscriber(hang);
    await using users = await startUsers(subscriber.url);
    const before = performance.now();
    const write = users.write().catch(() => undefined);
    await until(() => subscriber.deliveries.length === 1);
    await users[Symbol.asyncDispose]();
    await write;
    await until(() => subscriber.deliveries[0]?.response.destroyed === true);
    assert.ok(performance.now() - before < BEFORE_TIMEOUT_MS);

    await using failing = await startSubscriber(fail);
    await using others = await startUsers(failing.url);
    await others.write();
    await untilRetriedTwice(failing);
    assert.equal(subscriber.deliveries.length, 1);
  });

  it('that await a retry do not keep the process alive', async () => {
    await using subscriber = await startSubscriber(fail);
    const service = new URL('../../services/user/service.ts', import.meta.url).href;
    const script = `
    const { createUserService } = await import('${service}');
    const users = await createUserService();
    users.control.subscribe(['${subscriber.url}']);
    await users.inject({ method: 'PATCH', url: '/users/42', payload: {} });
  `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: 'inherit',
    });
    assert.deepEqual(await once(child, 'close'), [0, null]);
    const { length } = subscriber.deliveries;
    assert.ok(length > 0 && length < 6, `${length} deliveries`);
  });
});
