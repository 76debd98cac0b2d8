import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import {
  NOTIFICATIONS,
  ORDERS,
  type Subscriptions,
  startSubscriptions,
} from '../protocols/subscriptions/harness.ts';
import { BEHIND_AN_EDGE } from './edge-suite.ts';

const VIEWERS = ['42', '43', '44'] as const;

/**
 * What holds for subscriptions through every proxy.
 * @param start - starts the proxy in front of a BFF
 */
export function describeSubscriptions(
  name: string,
  skip: string | false,
  start: (backend: string) => Promise<AsyncDisposable & { readonly url: string }>,
): void {
  describe(`Subscriptions through ${name}`, { skip }, () => {
    const started = new AsyncDisposableStack();
    let bff: Subscriptions;
    let url: string;
    before(async () => {
      bff = started.use(await startSubscriptions(BEHIND_AN_EDGE));
      ({ url } = started.use(await start(bff.url)));
    });
    after(() => started.disposeAsync());

    // Server-sent events last: some proxies notice at the next heartbeat only that a client has left.
    for (const [protocol, way] of [
      ['overWebSocket', 'over WebSocket'],
      ['overSse', 'as server-sent events'],
    ] as const) {
      it(`${way} get each event when it occurs`, async () => {
        const results = await Promise.all(
          VIEWERS.map((as) => bff[protocol](NOTIFICATIONS, { as, through: url })),
        );
        const firsts = results.map((each) => each.next());
        await bff.untilOpen(VIEWERS.length);
        for (const as of VIEWERS) await bff.notify(as, `First of ${as}`);
        const titles = (await Promise.all(firsts)).map(
          ({ data }) => data.notificationReceived.title,
        );
        assert.deepEqual(titles, ['First of 42', 'First of 43', 'First of 44']);
        await bff.notify('43', 'Second');
        const second = await results[1]?.next();
        assert.equal(second?.data.notificationReceived.title, 'Second');
        for (const each of results) await each[Symbol.asyncDispose]();
        if (protocol === 'overWebSocket') await bff.untilOpen(0);
      });
    }

    it('are refused with a wrong token, as without it', async () => {
      await using refused = await bff.overWebSocket(ORDERS, { token: 'wrong', through: url });
      await assert.rejects(refused.next(), { code: 4403 });
    });
  });
}
