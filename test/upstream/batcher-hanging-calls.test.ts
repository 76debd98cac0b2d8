import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { target } from '../../src/datasources/target.ts';
import type { CallContext } from '../../src/upstream/call-context.ts';
import type { UpstreamReply } from '../../src/upstream/upstream.ts';
import { until } from '../support/until.ts';
import { startUpstream } from './upstream-harness.ts';

/** The in-flight limit until calls were recorded. */
const MAX_IN_FLIGHT = 32;
const HANGING = /hang/;

/** Starts an upstream that never responds to a call with a key that contains "hang". */
async function startHanging(attemptTimeoutMs: number) {
  const received: { keys: string; timeoutMs: number; isClosed: boolean }[] = [];
  const started = await startUpstream(
    ({ url = '', headers }, response) => {
      const keys = new URL(url, 'http://local').searchParams.get('ids') ?? '';
      const timeoutMs = Number(headers['x-request-timeout-ms']);
      const entry = { keys, timeoutMs, isClosed: false };
      received.push(entry);
      response.on('close', () => {
        entry.isClosed = true;
      });
      if (!HANGING.test(keys)) response.end(JSON.stringify({ keys: keys.split(',') }));
    },
    { attemptTimeoutMs },
  );
  const loadMany = started.upstream.batch<{ keys: string[] }, string>('things', {
    target: (ids) => target(['things'], { ids }),
    read:
      () =>
      ({ body }: UpstreamReply<{ keys: string[] }>) =>
        new Map(body.keys.map((key) => [key, `${key}!`])),
    missingKeyError: () => new Error('absent'),
  });
  async function load(key: string, call: CallContext = started.callers.call()): Promise<string> {
    const [value] = await loadMany([key], call);
    if (typeof value !== 'string') throw value ?? new Error('no value');
    return value;
  }
  return { ...started, received, load };
}

const TIMEOUT = { code: 'UPSTREAM_TIMEOUT' };

describe('A batch call that hangs', () => {
  it('blocks no other call while fewer calls than the limit are in flight', async () => {
    await using upstream = await startHanging(60_000);
    const leaver = upstream.callers.call();
    const left = assert.rejects(upstream.load('hang', leaver), TIMEOUT);
    await turn();
    assert.equal(await upstream.load('a'), 'a!');
    assert.equal(await upstream.load('b'), 'b!');
    leaver.deadline.release();
    await left;
    await until(() => upstream.received.every(({ isClosed }) => isClosed));
    assert.deepEqual(
      upstream.received.map(({ keys }) => keys),
      ['hang', 'a', 'b'],
    );
  });

  it('at the limit blocks queued keys until it is overdue, and they are sent together then', async () => {
    await using upstream = await startHanging(60_000);
    const caller = upstream.callers.call();
    const timeouts: Promise<void>[] = [];
    for (let n = 0; n < MAX_IN_FLIGHT; n++) {
      timeouts.push(assert.rejects(upstream.load(`hang-${n}`, caller), TIMEOUT));
      await turn();
    }
    const queued = [...'abc'].map((key) => upstream.load(key));
    assert.deepEqual(await Promise.all(queued), ['a!', 'b!', 'c!']);
    assert.deepEqual(
      upstream.received.map(({ keys }) => keys).filter((keys) => !HANGING.test(keys)),
      ['a,b,c'],
    );
    assert.ok(upstream.received.every(({ keys, isClosed }) => isClosed !== HANGING.test(keys)));
    caller.deadline.release();
    await Promise.all(timeouts);
  });

  it('blocks other keys no longer than three times the usual latency', async () => {
    await using upstream = await startHanging(60_000);
    for (let n = 0; n < 20; n++) await upstream.load(`warm-${n}`);
    const caller = upstream.callers.call();
    const left = assert.rejects(upstream.load('hang', caller), TIMEOUT);
    await turn();
    assert.equal(await upstream.load('later'), 'later!');
    assert.ok(upstream.received.every(({ keys, isClosed }) => isClosed !== HANGING.test(keys)));
    caller.deadline.release();
    await left;
  });

  it('fails only the key at fault, after the timeout of an attempt', async () => {
    await using upstream = await startHanging(500);
    for (let n = 0; n < 20; n++) await upstream.load(`warm-${n}`);
    const failing = assert.rejects(upstream.load('hang'), TIMEOUT);
    assert.equal(await upstream.load('together'), 'together!');
    assert.ok(upstream.received.some(({ keys }) => keys === 'hang,together'));
    await failing;
  });
});

describe('A batch call', () => {
  it('tells the upstream the latest of the deadlines of its callers', async () => {
    await using upstream = await startHanging(60_000);
    const [hour, twoHours] = [3_600_000, 7_200_000];
    await Promise.all(
      [hour, twoHours, hour].map((budgetMs, n) =>
        upstream.load(`k${n}`, upstream.callers.call(budgetMs)),
      ),
    );
    assert.equal(upstream.received.length, 1);
    const timeoutMs = upstream.received[0]?.timeoutMs ?? 0;
    assert.ok(timeoutMs > hour && timeoutMs <= twoHours, String(timeoutMs));
  });
});
