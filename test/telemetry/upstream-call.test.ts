import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { busyMs, type UpstreamCall } from '../../src/telemetry/upstream-call.ts';

const call = (startedAt: number, endedAt?: number): UpstreamCall => ({
  upstream: 'library',
  operation: 'books',
  keys: undefined,
  retries: 0,
  instance: { number: 1, baseUrl: 'http://127.0.0.1' },
  requests: 1,
  startedAt,
  endedAt,
  outcome: 'ok',
});

describe('The time of upstream calls', () => {
  it('counts overlapping calls once, and the pauses between calls not at all', () => {
    assert.equal(busyMs([call(0, 10), call(5, 15)], 100), 15);
    assert.equal(busyMs([call(0, 10), call(20, 30)], 100), 20);
    assert.equal(busyMs([call(20, 30), call(0, 100), call(5, 6)], 100), 100);
    assert.equal(busyMs([], 100), 0);
  });

  it('counts a call in flight until now', () => {
    assert.equal(busyMs([call(10, 20), call(15)], 50), 40);
  });
});
