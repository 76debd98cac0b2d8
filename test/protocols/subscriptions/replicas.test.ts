import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mobile } from '../../../bff-mobile/bff.ts';
import { web } from '../../../bff-web/bff.ts';
import { CAST } from '../../../services/support/cast.ts';
import { issueToken } from '../../../services/support/tokens.ts';
import { startBffProcess } from '../../support/bff-process.ts';
import { skipWithoutRedis, startRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';
import { NOTIFICATIONS, sendEventsTo, startSubscriptions } from './harness.ts';

const { customer } = CAST;

describe('Subscriptions of several replicas', { skip: skipWithoutRedis }, () => {
  it('get each event of a service once, whichever replicas it was sent to', async () => {
    await using redis = await startRedis();
    const env = { REDIS_URL: redis.url.href, CACHE_MEMORY_MB: '8' };
    await using one = await startSubscriptions(env);
    await using other = await startSubscriptions({ ...env, ...one.addresses }, mobile);
    await using toOne = await one.overSse(NOTIFICATIONS);
    await using toOther = await other.overSse(NOTIFICATIONS);
    const results = [toOne.next(), toOther.next()];
    await Promise.all([one.untilOpen(1), other.untilOpen(1)]);
    sendEventsTo(one, one.adminUrl);
    await one.notify(customer, 'to one replica');
    for (const result of results) {
      assert.equal((await result).data.notificationReceived.title, 'to one replica');
    }
    const both = [toOne.next(), toOther.next()];
    sendEventsTo(one, one.adminUrl, other.adminUrl);
    await one.notify(customer, 'to both');
    await Promise.all(both);
    const last = [toOne.next(), toOther.next()];
    await one.notify(customer, 'last');
    for (const result of last) {
      assert.equal((await result).data.notificationReceived.title, 'last');
    }
  });

  it('get those of their own replica while Redis is away, and those of others after it is back', async () => {
    await using redis = await startRedis();
    const env = { REDIS_URL: redis.url.href };
    await using one = await startSubscriptions(env);
    await using other = await startSubscriptions({ ...env, ...one.addresses }, mobile);
    await using toOne = await one.overSse(NOTIFICATIONS);
    await using toOther = await other.overSse(NOTIFICATIONS);
    const result = toOne.next();
    const fromOther = toOther.next();
    await Promise.all([one.untilOpen(1), other.untilOpen(1)]);
    sendEventsTo(one, one.adminUrl);
    await redis.kill();
    await one.notify(customer, 'without Redis');
    assert.equal((await result).data.notificationReceived.title, 'without Redis');
    await redis.restart();
    let hasArrived = false;
    void fromOther.then(() => {
      hasArrived = true;
    });
    await until(async () => {
      await one.notify(customer, 'with Redis');
      return hasArrived;
    });
  });
});

describe('Subscriptions of a BFF with several workers', () => {
  it('get each event, whichever worker they are connected to', async () => {
    await using bff = await startBffProcess(web, { env: { WORKERS: '2' } });
    bff.services.notification.control.subscribe([`${bff.adminUrl}/purge`]);
    const token = await issueToken({ userId: customer });
    const url = new URL('/graphql/stream', bff.endpoint);
    url.searchParams.set('query', NOTIFICATIONS);
    const headers = { accept: 'text/event-stream', authorization: `Bearer ${token}` };
    const streams = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const { body } = await fetch(url, { headers });
        return { body, text: '' };
      }),
    );
    for (const stream of streams) void read(stream);
    await until(() => streams.every(({ text }) => text.startsWith('retry:')));
    const response = await bff.services.notification.inject({
      method: 'POST',
      url: '/notifications',
      payload: { userId: customer, kind: 'account', title: 'To all workers', body: 'A text.' },
    });
    assert.equal(response.statusCode, 201);
    await until(() => streams.every(({ text }) => text.includes('To all workers')));
  });
});

async function read(stream: { body: ReadableStream<Uint8Array> | null; text: string }) {
  try {
    for await (const chunk of stream.body ?? []) stream.text += Buffer.from(chunk).toString();
  } catch {
    // The process has ended.
  }
}
