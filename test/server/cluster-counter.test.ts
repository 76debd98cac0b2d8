import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import pino from 'pino';
import { createCountHub } from '../../src/server/cluster/count-hub.ts';
import type { PrimaryMessage, WorkerMessage } from '../../src/server/cluster/messages.ts';
import { createClusterCounter } from '../../src/server/cluster/primary-link.ts';
import { createRateLimiter } from '../../src/traffic/index.ts';
import { until } from '../support/until.ts';

const KEYS = { address: '192.0.2.1', viewer: 'anna' };

/** Creates the rate limiter of a worker whose primary answers with `answer`, or not at all. */
function createWorker(answer: ReturnType<typeof createCountHub> | undefined, limit = 10) {
  const sent: WorkerMessage[] = [];
  const warnings: string[] = [];
  let receive = (_message: PrimaryMessage) => {};
  const link = {
    send(message: WorkerMessage) {
      sent.push(message);
      if (message.type !== 'count' || !answer) return;
      const { id, increments } = message;
      setImmediate(() => receive({ type: 'counted', id, counts: answer(increments) }));
    },
    sendLast: async () => {},
    on(_type: string, listener: (message: never) => void) {
      receive = listener as typeof receive;
    },
  };
  const stream = { write: (line: string) => void warnings.push(JSON.parse(line).msg) };
  const counter = createClusterCounter(link, pino({}, stream));
  const limiter = createRateLimiter({ limits: { address: limit, viewer: limit }, counter });
  return { take: limiter.take, sent, warnings };
}

describe('The rate limits of workers', () => {
  it('count together, in one message for each turn', async () => {
    const hub = createCountHub();
    const [a, b] = [createWorker(hub), createWorker(hub)];
    const headers = await Promise.all([a.take(KEYS, 1), a.take(KEYS, 2), b.take(KEYS, 3)]);
    assert.deepEqual([a.sent.length, b.sent.length], [1, 1]);
    const left = headers.map(({ ratelimit = '' }) => Number(/;r=(\d+)/.exec(ratelimit)?.[1]));
    assert.equal(Math.min(...left), 4);
    await assert.rejects(async () => b.take(KEYS, 5), { code: 'RATE_LIMITED' });
  });

  it('send what no request waits for in one message, each key once', async () => {
    const { take, sent } = createWorker(createCountHub(), 10_000);
    await take(KEYS, 1);
    for (let n = 0; n < 20; n++) assert.ok(!(take(KEYS, 2) instanceof Promise));
    await until(() => sent.length > 1);
    const [, message] = sent;
    assert.ok(message?.type === 'count');
    assert.deepEqual(
      message.increments.map(({ key, units }) => [key, units]),
      [
        [KEYS.address, 40],
        [KEYS.viewer, 40],
      ],
    );
  });

  it('are counted per worker, without a wait, while the primary does not answer', async () => {
    const { take, sent, warnings } = createWorker(undefined);
    for (let n = 0; n < 5; n++) await take(KEYS, 2);
    // Only the first one has waited for the primary.
    assert.equal(sent.length, 1);
    assert.deepEqual(warnings, ['primary does not respond: rate limits are counted per worker']);
    await assert.rejects(async () => take(KEYS, 1), { code: 'RATE_LIMITED' });
  });
});
