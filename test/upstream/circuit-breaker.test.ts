import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import pino from 'pino';
import { createBreaker } from '../../src/upstream/circuit-breaker.ts';
import { UpstreamFailure } from '../../src/upstream/errors.ts';
import { createCallers } from './controlled-upstream.ts';

function startBreaker() {
  mock.timers.enable({ apis: ['Date'], now: 1_000_000 });
  const callers = createCallers();
  const breaker = createBreaker({
    operation: 'test',
    minBudgetMs: 1_000,
    probeBudgetMs: 2_000,
    maxProbeWaitMs: () => 1_000,
    log: pino({ level: 'silent' }),
  });
  const run = (work: () => Promise<unknown>) => breaker.run(callers.call(), work);
  return {
    succeed: () => run(async () => 'ok'),
    fail: (status = 503) =>
      run(async () => {
        throw new UpstreamFailure('status', 'failed', { status });
      }).catch((error: UpstreamFailure) => error.kind),
    wait: (ms: number) => mock.timers.tick(ms),
    [Symbol.dispose]() {
      callers[Symbol.dispose]();
      mock.timers.reset();
    },
  };
}

describe('The circuit breaker', () => {
  it('forgets the failures before a silence', async () => {
    using breaker = startBreaker();
    for (let n = 0; n < 14; n++) await breaker.fail();
    breaker.wait(20_000);
    await breaker.fail();
    assert.equal(await breaker.succeed(), 'ok');
  });

  it('forgets the successes before a silence', async () => {
    using breaker = startBreaker();
    for (let n = 0; n < 40; n++) await breaker.succeed();
    breaker.wait(3_200);
    for (let n = 0; n < 15; n++) await breaker.fail();
    assert.equal(await breaker.fail(), 'refused');
  });

  it('closes when a probe is answered, also if the answer refuses its caller', async () => {
    using breaker = startBreaker();
    for (let n = 0; n < 15; n++) await breaker.fail();
    assert.equal(await breaker.fail(), 'refused');
    breaker.wait(1_000);
    assert.equal(await breaker.fail(429), 'status');
    assert.equal(await breaker.succeed(), 'ok');
  });
});
