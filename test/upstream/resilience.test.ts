import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UpstreamFailure } from '../../src/upstream/errors.ts';
import { createCallPolicy, RetryBudget } from '../../src/upstream/resilience.ts';
import { type LibraryEnvironment, startLibrary } from '../support/fixture/environment.ts';
import { codeOf, sendLoans } from './library-requests.ts';

const callsOf = ({ services }: LibraryEnvironment) =>
  services.lending.control.requests().routes.loansByMembers ?? 0;

describe('A retry', () => {
  it('hides an occasional failure of a read', async () => {
    await using environment = await startLibrary();
    environment.services.lending.control.faults({
      loansByMembers: { errorRate: 0.05, status: 503 },
    });
    const responses = await sendLoans(environment, 100);
    assert.deepEqual(responses.map(codeOf), Array(100).fill('none'));
    assert.ok(callsOf(environment) > 100);
  });

  it('adds at most a tenth to the calls of an upstream that always fails', async () => {
    await using environment = await startLibrary();
    environment.services.lending.control.faults({ '*': { status: 500 } });
    const responses = await sendLoans(environment, 200);
    assert.ok(responses.every((response) => codeOf(response) === 'UPSTREAM_UNAVAILABLE'));
    const calls = callsOf(environment);
    assert.ok(calls <= 200 * 1.1 + 1, `${calls} calls`);
  });
});

describe('The retry budget', () => {
  it('is earned by calls, up to a limit, and covers what is spent', () => {
    const budget = new RetryBudget();
    assert.ok(budget.spend(1));
    assert.ok(!budget.spend(1));
    for (let n = 0; n < 10; n++) budget.deposit();
    assert.ok(!budget.spend(2));
    assert.ok(budget.spend(0.9));
    for (let n = 0; n < 1_000; n++) budget.deposit();
    let retries = 0;
    while (budget.spend(1)) retries++;
    assert.ok(retries <= 10, `${retries} retries`);
  });

  it('is not spent after the last attempt, which nothing follows', async () => {
    const budget = new RetryBudget();
    for (let n = 0; n < 100; n++) budget.deposit();
    const policy = createCallPolicy(budget);
    let attempts = 0;
    const fail = () => {
      attempts++;
      return Promise.reject(new UpstreamFailure('connection', 'no'));
    };
    await assert.rejects(policy.read(fail, new AbortController().signal));
    let remaining = 0;
    while (budget.spend(1)) remaining++;
    assert.deepEqual({ attempts, remaining }, { attempts: 3, remaining: 8 });
  });
});
