import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConcurrencyLimit } from '../../src/upstream/concurrency-limit.ts';
import { UpstreamFailure } from '../../src/upstream/errors.ts';

/** Replaces all recorded samples. */
const MAX_SAMPLES = 128;

function record(times: number, ms: number, latency = new ConcurrencyLimit()): ConcurrencyLimit {
  for (let n = 0; n < times; n++) latency.record(ms);
  return latency;
}

describe('The overdue time of a concurrency limit', () => {
  it('is 1 s until 16 calls were recorded', () => {
    assert.equal(new ConcurrencyLimit().overdueMs, 1_000);
    assert.equal(record(15, 1).overdueMs, 1_000);
    assert.ok(record(16, 1).overdueMs < 1_000);
  });

  it('is three times the p99 of the recent calls, 50 to 1000 ms', () => {
    const latency = record(MAX_SAMPLES, 100);
    assert.equal(latency.overdueMs, 300);
    record(16, 200, latency);
    assert.equal(latency.overdueMs, 600);
    assert.equal(record(MAX_SAMPLES, 0).overdueMs, 50);
    assert.equal(record(MAX_SAMPLES, 9_000).overdueMs, 1_000);
  });

  it('does not change with one slow call of many, and forgets old calls', () => {
    const latency = record(MAX_SAMPLES - 1, 100);
    latency.record(900);
    assert.equal(latency.overdueMs, 300);
    record(MAX_SAMPLES, 50, latency);
    assert.equal(latency.overdueMs, 150);
  });
});

describe('The in-flight limit of a concurrency limit', () => {
  it('is 32 until calls were recorded', () => {
    assert.equal(new ConcurrencyLimit().limit, 32);
  });

  it('is one for each millisecond of the lowest latency, from 1 to 32', () => {
    const limits = [0, 0.4, 1.6, 7, 32, 500].map((ms) => record(16, ms).limit);
    assert.deepEqual(limits, [1, 1, 2, 7, 32, 32]);
  });

  it('does not grow with the queueing that too many calls cause', () => {
    const latency = record(MAX_SAMPLES - 16, 4);
    record(16, 400, latency);
    assert.equal(latency.limit, 4);
  });

  it('falls while the process itself is busy, to 1 at least', () => {
    let busy = 0;
    const slow = record(16, 24, new ConcurrencyLimit(() => busy));
    const fast = record(16, 1, new ConcurrencyLimit(() => busy));
    const limits = [0, 0.4, 0.6, 0.8].map((share) => {
      busy = share;
      return slow.limit;
    });
    const [idle, some, more, max] = limits as [number, number, number, number];
    assert.equal(some, idle);
    assert.ok(idle > more && more > max && max >= 1, limits.join());
    assert.equal(fast.limit, 1);
  });

  it('follows an upstream that has become slower or faster', () => {
    const latency = record(MAX_SAMPLES, 4);
    record(MAX_SAMPLES, 20, latency);
    assert.equal(latency.limit, 20);
    record(16, 2, latency);
    assert.equal(latency.limit, 2);
  });
});

describe('The latency that a concurrency limit records', () => {
  async function timeTimes(times: number, work: () => Promise<unknown>) {
    const latency = new ConcurrencyLimit();
    for (let n = 0; n < times; n++) await latency.time(work).catch(() => {});
    return latency;
  }
  const fail = (error: Error) => () => Promise.reject(error);

  it('is the duration of work that succeeded', async () => {
    const latency = await timeTimes(16, () => Promise.resolve());
    assert.ok(latency.overdueMs < 1_000);
  });

  it('leaves out work that failed', async () => {
    for (const kind of ['timeout', 'connection', 'malformed', 'abandoned'] as const) {
      const latency = await timeTimes(16, fail(new UpstreamFailure(kind, 'no')));
      assert.equal(latency.overdueMs, 1_000, kind);
    }
  });

  it('does not change the result of the work', async () => {
    const latency = new ConcurrencyLimit();
    assert.equal(await latency.time(async () => 'v'), 'v');
    const error = new UpstreamFailure('timeout', 'no response');
    await assert.rejects(latency.time(fail(error)), error);
  });
});
