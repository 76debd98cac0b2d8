import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEMO_PURGE_SECRET } from '../../services/support/demo-purge-secret.ts';
import { createUserService } from '../../services/user/service.ts';
import { until } from '../support/until.ts';
import { start } from './client.ts';
import { deadUrl, fail, hang, signatureOf, startSubscriber, take } from './subscriber.ts';

/** How long an answer waits for its deliveries; timers may be early by a fraction. */
const LIMIT_MS = 499;
/** Before any delivery is given up, which is after two seconds. */
const WELL_BEFORE_MS = 1_900;

async function startUsers(...urls: string[]) {
  const users = await start(createUserService);
  users.control.subscribe(urls);
  return {
    ...users,
    /** @returns the answer's status, and how long it took (ms) */
    async write() {
      const before = performance.now();
      const { status } = await users.send('PATCH', '/users/42', { locale: 'en-GB' });
      return { status, took: performance.now() - before };
    },
  };
}

/** By then the first repeat of everything that failed before would have come. */
const untilRepeatedTwice = ({ deliveries }: { deliveries: readonly unknown[] }) =>
  until(() => deliveries.length === 3);

test('the answer leaves when the subscriber has answered', async () => {
  let hasAnswered = false;
  await using subscriber = await startSubscriber(async (response) => {
    await sleep(40);
    hasAnswered = true;
    response.writeHead(200).end('a body that nobody reads');
  });
  await using users = await startUsers(subscriber.url);
  const { status, took } = await users.write();
  assert.equal(status, 200);
  assert.ok(hasAnswered || took >= LIMIT_MS);
});

test('who is slow or down neither holds up a write for long, nor fails it', async () => {
  await using slow = await startSubscriber(hang);
  await using quick = await startSubscriber();
  await using users = await startUsers(await deadUrl(), slow.url, quick.url);
  const { status, took } = await users.write();
  assert.equal(status, 200);
  assert.ok(took >= LIMIT_MS && took < WELL_BEFORE_MS, `took ${took} ms`);
  await until(() => quick.deliveries.length === 1);
});

test('a failed delivery is repeated as the same event, signed anew', async () => {
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

test('a delivery without an answer is given up, and repeated', async () => {
  await using subscriber = await startSubscriber((response, nth) => nth > 1 && take(response, nth));
  await using users = await startUsers(subscriber.url);
  await users.write();
  await until(() => subscriber.deliveries.length === 2);
  assert.equal(subscriber.deliveries[0]?.response.destroyed, true);
  assert.equal(subscriber.ids().size, 1);
});

test('a delivery is repeated five times, with growing pauses', async () => {
  const times: number[] = [];
  await using subscriber = await startSubscriber((response, nth) => {
    times.push(performance.now());
    fail(response, nth);
  });
  await using users = await startUsers(subscriber.url);
  await users.write();
  await until(() => times.length === 6);
  const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  pauses.forEach((pause, index) => {
    assert.ok(pause >= 99 * 2 ** index, `pauses of ${pauses} ms`);
  });
});

test('what is refused or redirected is not repeated, nor sent to who has been left out', async () => {
  await using refusing = await startSubscriber((response) => response.writeHead(410).end());
  await using moved = await startSubscriber((response) =>
    response.writeHead(307, { location: '/elsewhere' }).end(),
  );
  await using failing = await startSubscriber(fail);
  await using leftOut = await startSubscriber((response, nth) => {
    users.control.subscribe([refusing.url, moved.url, failing.url]);
    fail(response, nth);
  });
  await using users = await startUsers(leftOut.url);
  await users.write();
  await users.write();
  await untilRepeatedTwice(failing);
  for (const { deliveries } of [refusing, moved, leftOut]) assert.equal(deliveries.length, 1);
});

test('the end of a service ends its deliveries', async () => {
  await using subscriber = await startSubscriber(hang);
  await using users = await startUsers(subscriber.url);
  const before = performance.now();
  const write = users.write().catch(() => undefined);
  await until(() => subscriber.deliveries.length === 1);
  await users[Symbol.asyncDispose]();
  await write;
  await until(() => subscriber.deliveries[0]?.response.destroyed === true);
  assert.ok(performance.now() - before < WELL_BEFORE_MS);

  await using failing = await startSubscriber(fail);
  await using others = await startUsers(failing.url);
  await others.write();
  await untilRepeatedTwice(failing);
  assert.equal(subscriber.deliveries.length, 1);
});

test('deliveries that wait for their repeat do not keep the process alive', async () => {
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
