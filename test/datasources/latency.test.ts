import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UpstreamFailure } from '../../src/datasources/failure.ts';
import { Latency } from '../../src/datasources/latency.ts';

const MOST_MS = 10_000;
/** More than any work of these tests could take. */
const ETERNITY_MS = 1e9;
/** So many that what was recorded before is forgotten. */
const MANY = 128;

function record(times: number, ms: number, latency = new Latency()): Latency {
  for (let n = 0; n < times; n++) latency.record(ms);
  return latency;
}

describe('how long an attempt may take', () => {
  it('is the most there may be, as long as little is known', () => {
    assert.equal(new Latency().attemptTimeout(MOST_MS), MOST_MS);
    assert.equal(record(15, 1).attemptTimeout(MOST_MS), MOST_MS);
    assert.ok(record(16, 1).attemptTimeout(MOST_MS) < MOST_MS);
  });

  it('is three times the p99 of the recent calls', () => {
    const latency = record(MANY, 500);
    assert.equal(latency.attemptTimeout(MOST_MS), 1_500);
    record(16, 2_000, latency);
    assert.equal(latency.attemptTimeout(MOST_MS), 6_000);
  });

  it('does not grow with a single slow call of many', () => {
    const latency = record(MANY - 1, 500);
    latency.record(9_000);
    assert.equal(latency.attemptTimeout(MOST_MS), 1_500);
  });

  it('is never so short that a pause of our own would fail it', () => {
    const least = record(MANY, 0).attemptTimeout(MOST_MS);
    assert.ok(least >= 100, String(least));
    assert.equal(record(MANY, least / 4).attemptTimeout(MOST_MS), least);
    assert.equal(record(MANY, least).attemptTimeout(MOST_MS), 3 * least);
  });

  it('is at most what it may be, be that ever so little', () => {
    assert.equal(record(MANY, 9_000).attemptTimeout(MOST_MS), MOST_MS);
    assert.equal(record(MANY, 2).attemptTimeout(40), 40);
  });

  it('forgets what was long ago', () => {
    const latency = record(MANY, 3_000);
    record(MANY, 500, latency);
    assert.equal(latency.attemptTimeout(MOST_MS), 1_500);
  });

  it('grows with timeouts, so that an upstream that has become slower is heard again', () => {
    const latency = record(MANY, 5);
    const slow = 7_000;
    let attempts = 0;
    for (let timeout = 0; timeout < slow; attempts++) {
      timeout = latency.attemptTimeout(MOST_MS);
      latency.record(Math.min(timeout, slow));
      assert.ok(attempts < MANY, 'timed out for ever');
    }
  });
});

describe('how many calls may be under way', () => {
  it('is many as long as nothing is known', () => {
    assert.equal(new Latency().limit, 32);
  });

  it('is one for each millisecond of the lowest latency, from 1 to 32', () => {
    const limits = [0, 0.4, 1.6, 7, 32, 500].map((ms) => record(16, ms).limit);
    assert.deepEqual(limits, [1, 1, 2, 7, 32, 32]);
  });

  it('does not grow with the waiting that too many calls bring about', () => {
    const latency = record(MANY - 16, 4);
    record(16, 400, latency);
    assert.equal(latency.limit, 4);
  });

  it('falls while the process itself is busy, and is never none', () => {
    let busy = 0;
    const slow = record(16, 24, new Latency(() => busy));
    const fast = record(16, 1, new Latency(() => busy));
    const limits = [0, 0.5, 0.75, 1].map((share) => {
      busy = share;
      return slow.limit;
    });
    const [idle, half, more, most] = limits as [number, number, number, number];
    assert.equal(half, idle);
    assert.ok(idle > more && more > most && most >= 1, limits.join());
    assert.equal(fast.limit, 1);
  });

  it('follows an upstream that has become slower or faster', () => {
    const latency = record(MANY, 4);
    record(MANY, 20, latency);
    assert.equal(latency.limit, 20);
    record(16, 2, latency);
    assert.equal(latency.limit, 2);
  });
});

describe('what is recorded of some work', () => {
  async function timeTimes(times: number, work: () => Promise<unknown>) {
    const latency = new Latency();
    for (let n = 0; n < times; n++) await latency.time(work).catch(() => {});
    return latency;
  }
  const fail = (error: Error) => () => Promise.reject(error);

  it('is how long it took to answer, and to time out', async () => {
    const timeout = new UpstreamFailure('timeout', 'no answer');
    for (const work of [() => Promise.resolve(), fail(timeout)]) {
      const latency = await timeTimes(16, work);
      assert.ok(latency.attemptTimeout(ETERNITY_MS) < ETERNITY_MS);
    }
  });

  it('is nothing if it failed otherwise, or nobody waited: that says nothing', async () => {
    for (const kind of ['connection', 'status', 'malformed', 'refused', 'abandoned'] as const) {
      const latency = await timeTimes(16, fail(new UpstreamFailure(kind, 'no')));
      assert.equal(latency.attemptTimeout(ETERNITY_MS), ETERNITY_MS, kind);
    }
  });

  it('leaves its outcome as it is', async () => {
    const latency = new Latency();
    assert.equal(await latency.time(async () => 'v'), 'v');
    const error = new UpstreamFailure('timeout', 'no answer');
    await assert.rejects(latency.time(fail(error)), error);
  });
});
