import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NOTIFICATIONS, startSubscriptions } from '../protocols/subscriptions/harness.ts';
import { skipWithout } from '../support/program.ts';
import { describeSubscriptions } from './edge-subscriptions.ts';
import { BEHIND_AN_EDGE } from './edge-suite.ts';
import { startHaproxy } from './haproxy.ts';

const SKIP = skipWithout('haproxy');

/** Starts HAProxy in front of one BFF, as if it were two. */
async function startHaproxyForOne(backend: string, maxRequests?: number) {
  const port = Number(new URL(backend).port);
  const haproxy = await startHaproxy([port, port], { ...(maxRequests && { maxRequests }) });
  await haproxy.untilStatus(0, 'UP');
  await haproxy.untilStatus(1, 'UP');
  return haproxy;
}

describeSubscriptions('HAProxy', SKIP, startHaproxyForOne);

describe('HAProxy in front of many subscriptions', { skip: SKIP }, () => {
  it('sends requests on, because subscriptions do not take their places', async () => {
    await using bff = await startSubscriptions(BEHIND_AN_EDGE);
    await using haproxy = await startHaproxyForOne(bff.url, 1);
    await using first = await bff.overSse(NOTIFICATIONS, { through: haproxy.url });
    await using second = await bff.overWebSocket(NOTIFICATIONS, { through: haproxy.url });
    const results = [first.next(), second.next()];
    await bff.untilOpen(2);
    const response = await fetch(`${haproxy.url}/graphql?query={__typename}`, {
      headers: await bff.headersOf({}),
    });
    assert.equal(response.status, 200);
    await bff.notify('42', 'Both');
    for (const result of results) {
      assert.equal((await result).data.notificationReceived.title, 'Both');
    }
  });
});
