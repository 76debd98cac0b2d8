import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import pino from 'pino';
import { createBreaker } from '../../src/upstream/circuit-breaker.ts';
import { UpstreamFailure } from '../../src/upstream/errors.ts';
import { createClock } from '../support/clock.ts';
import type { TestResponse } from '../support/environment.ts';
import { CAST } from '../support/fixture/cast.ts';
import { type LibraryEnvironment, startLibrary } from '../support/fixture/environment.ts';
import { until } from '../support/until.ts';
import { createCallers } from './controlled-upstream.ts';
import { codeOf, LOANS, RECENT, sendBorrow, sendLoans } from './library-requests.ts';

/** How long a circuit stays open before a probe. */
const OPEN_MS = 1_000;

function createBreakerHarness() {
  const clock = createClock();
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
    wait: (ms: number) => clock.advance(ms),
    [Symbol.dispose]() {
      callers[Symbol.dispose]();
      clock[Symbol.dispose]();
    },
  };
}

describe('The circuit breaker', () => {
  it('forgets the failures before an idle period', async () => {
    using breaker = createBreakerHarness();
    for (let n = 0; n < 14; n++) await breaker.fail();
    breaker.wait(20_000);
    await breaker.fail();
    assert.equal(await breaker.succeed(), 'ok');
  });

  it('forgets the successes before an idle period', async () => {
    using breaker = createBreakerHarness();
    for (let n = 0; n < 40; n++) await breaker.succeed();
    breaker.wait(3_200);
    for (let n = 0; n < 15; n++) await breaker.fail();
    assert.equal(await breaker.fail(), 'refused');
  });

  it('closes when a probe is answered, even if the response rejects its caller', async () => {
    using breaker = createBreakerHarness();
    for (let n = 0; n < 15; n++) await breaker.fail();
    assert.equal(await breaker.fail(), 'refused');
    breaker.wait(OPEN_MS);
    assert.equal(await breaker.fail(429), 'status');
    assert.equal(await breaker.succeed(), 'ok');
  });
});

const sendRecent = (environment: LibraryEnvironment, headers: Record<string, string> = {}) =>
  environment.send(RECENT, { as: 'staff', headers });

const repeat = (times: number, send: () => Promise<TestResponse>) =>
  Promise.all(Array.from({ length: times }, send));

const callsOf = ({ services }: LibraryEnvironment, operation: string) =>
  services.lending.control.requests().routes[operation] ?? 0;

const noErrors = (times: number): string[] => Array(times).fill('none');

describe('The circuit of an operation', () => {
  it('opens when half of the callers fail, spares the upstream, and closes when it recovers', async () => {
    using clock = createClock();
    await using environment = await startLibrary();
    await environment.send(LOANS, { as: CAST.reader });
    environment.services.lending.control.faults({ '*': { status: 500 } });
    await sendLoans(environment, 30);
    const before = callsOf(environment, 'loansByMembers');
    const refused = await environment.send(LOANS, { as: CAST.reader });
    assert.equal(codeOf(refused), 'UPSTREAM_UNAVAILABLE');
    assert.equal(callsOf(environment, 'loansByMembers'), before);

    environment.services.lending.control.clear();
    clock.advance(OPEN_MS);
    assert.equal(codeOf(await environment.send(LOANS, { as: CAST.reader })), 'none');
  });

  it('does not affect other operations of the same upstream', async () => {
    await using environment = await startLibrary();
    await sendRecent(environment);
    environment.services.lending.control.faults({ recentLoans: { status: 500 } });
    for (let n = 0; n < 30; n++) await sendRecent(environment);
    const query = '{ viewer { loans(first: 1) { edges { node { id } } } } }';
    assert.equal(codeOf(await environment.send(query, { as: CAST.reader })), 'none');
  });

  it('is not opened by callers whose object does not exist', async () => {
    await using environment = await startLibrary();
    for (let n = 0; n < 40; n++) {
      const query = `{ loan(id: "none-${n}") { id } }`;
      assert.equal(codeOf(await environment.send(query, { as: 'staff' })), 'NOT_FOUND');
    }
    const found = await environment.send('{ loan(id: "100") { id } }', { as: 'staff' });
    assert.equal(codeOf(found), 'none');
  });

  it('is not opened by reads with a short deadline', async () => {
    await using environment = await startLibrary();
    for (let n = 0; n < 20; n++) await sendRecent(environment);
    environment.services.lending.control.faults({ recentLoans: { delayMs: 400 } });
    for (const timeoutMs of ['20', '200']) {
      const headers = { 'x-request-timeout-ms': timeoutMs };
      const responses = await repeat(30, () => sendRecent(environment, headers));
      assert.deepEqual([...new Set(responses.map(codeOf))], ['UPSTREAM_TIMEOUT']);
    }
    environment.services.lending.control.clear();
    assert.equal(codeOf(await sendRecent(environment)), 'none');
  });

  it('is not opened by writes with a short deadline', async () => {
    await using environment = await startLibrary();
    assert.equal(codeOf(await sendBorrow(environment)), 'none');
    environment.services.lending.control.faults({ borrow: { delayMs: 50 } });
    for (let n = 0; n < 32; n++) await sendBorrow(environment, { 'x-request-timeout-ms': '3' });
    const responses = await repeat(10, () => sendBorrow(environment));
    assert.deepEqual(responses.map(codeOf), noErrors(10));
  });

  it('is not opened by writes with a deadline that is long for a read but short for a write', async () => {
    await using environment = await startLibrary({ UPSTREAM_ATTEMPT_TIMEOUT_MS: '100' });
    assert.equal(codeOf(await sendBorrow(environment)), 'none');
    environment.services.lending.control.faults({ borrow: { delayMs: 400 } });
    await repeat(20, () => sendBorrow(environment, { 'x-request-timeout-ms': '200' }));
    const responses = await repeat(10, () => sendBorrow(environment));
    assert.deepEqual(responses.map(codeOf), noErrors(10));
  });

  it('is closed by a write that takes longer than a read may', async () => {
    using clock = createClock();
    await using environment = await startLibrary({ UPSTREAM_ATTEMPT_TIMEOUT_MS: '100' });
    environment.services.lending.control.faults({ borrow: { status: 503 } });
    await repeat(20, () => sendBorrow(environment));
    assert.equal(codeOf(await sendBorrow(environment)), 'UPSTREAM_UNAVAILABLE');
    environment.services.lending.control.faults({ borrow: { delayMs: 400 } });
    clock.advance(OPEN_MS);
    assert.equal(codeOf(await sendBorrow(environment)), 'none');
  });

  it('is closed by a probe whose caller has a short deadline', async () => {
    using clock = createClock();
    await using environment = await startLibrary();
    await sendRecent(environment);
    environment.services.lending.control.faults({ recentLoans: { status: 500 } });
    await repeat(40, () => sendRecent(environment));
    assert.equal(codeOf(await sendRecent(environment)), 'UPSTREAM_UNAVAILABLE');
    const before = callsOf(environment, 'recentLoans');

    environment.services.lending.control.faults({ recentLoans: { delayMs: 100 } });
    clock.advance(OPEN_MS);
    await until(async () => {
      await sendRecent(environment, { 'x-request-timeout-ms': '10' });
      return callsOf(environment, 'recentLoans') > before;
    });
    await until(async () => codeOf(await sendRecent(environment)) === 'none');
    assert.equal(
      callsOf(environment, 'recentLoans'),
      before + 2,
      'one probe and one call after it',
    );
  });

  it('makes a burst after an idle period wait for the probe', async () => {
    using clock = createClock();
    await using environment = await startLibrary();
    const sendBurst = () => {
      let member = 200;
      return repeat(20, () => environment.send(LOANS, { as: String(member++) }));
    };
    // Few calls, so that the latencies do not shorten the time that requests wait for the probe.
    await sendBurst();
    environment.services.lending.control.faults({ '*': { status: 500 } });
    await sendLoans(environment, 40);
    const refused = await environment.send(LOANS, { as: CAST.reader });
    assert.equal(codeOf(refused), 'UPSTREAM_UNAVAILABLE');

    environment.services.lending.control.faults({ '*': { delayMs: 20 } });
    clock.advance(2 * OPEN_MS);
    assert.deepEqual((await sendBurst()).map(codeOf), noErrors(20));
  });

  it('opens only for callers that give a silent upstream the time of an attempt', async () => {
    await using environment = await startLibrary({ UPSTREAM_ATTEMPT_TIMEOUT_MS: '100' });
    await sendLoans(environment, 20);
    environment.services.lending.control.faults({ '*': { hang: true } });
    const sendAll = (timeoutMs: string) =>
      repeat(20, () =>
        environment.send(LOANS, { as: '100', headers: { 'x-request-timeout-ms': timeoutMs } }),
      );
    for (let n = 0; n < 3; n++) {
      const responses = await sendAll('80');
      assert.deepEqual([...new Set(responses.map(codeOf))], ['UPSTREAM_TIMEOUT']);
    }
    await until(async () => {
      const [response] = await sendAll('600');
      return response !== undefined && codeOf(response) === 'UPSTREAM_UNAVAILABLE';
    });
  });
});
