import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { combineWaiters, WaiterGroup } from '../../src/upstream/waiter-group.ts';
import { ABANDONED, createCallers } from './controlled-upstream.ts';

describe('a party', () => {
  it('has one outcome for all of its members', async () => {
    using callers = createCallers();
    const party = new WaiterGroup<string>();
    const joined = [party.join(callers.call()), party.join(callers.call())];
    party.resolve('v');
    assert.deepEqual(await Promise.all(joined), ['v', 'v']);
    const failing = assert.rejects(party.join(callers.call()), /no/);
    party.reject(new Error('no'));
    await failing;
  });

  it('tells when the last has left, and never when the outcome came first', async () => {
    using callers = createCallers();
    const party = new WaiterGroup<string>();
    let empty = 0;
    party.onAbandoned = () => empty++;
    const calls = [callers.call(), callers.call()];
    const left = Promise.all(calls.map((call) => assert.rejects(party.join(call), ABANDONED)));
    for (const [n, call] of calls.entries()) {
      assert.deepEqual([empty, party.isEmpty], [0, false], `before leaver ${n}`);
      call.deadline.release();
    }
    assert.deepEqual([empty, party.isEmpty], [1, true]);
    await left;

    const answered = callers.call();
    const joined = party.join(answered);
    party.resolve('v');
    answered.deadline.release();
    assert.equal(await joined, 'v');
    assert.equal(empty, 1);
  });
});

describe('parties that share a call', () => {
  it('end it when the last member of the last one has left', async () => {
    using callers = createCallers();
    const parties = [new WaiterGroup<string>(), new WaiterGroup<string>()];
    const calls = [callers.call(1_000_000), callers.call(2_000_000)];
    const left = parties.flatMap((party, n) =>
      calls.slice(n).map((call) => assert.rejects(party.join(call), ABANDONED)),
    );
    const members = combineWaiters(parties);
    assert.deepEqual(members.requesters, calls);
    assert.equal(members.expiresAt, calls[1]?.deadline.expiresAt);
    calls[0]?.deadline.release();
    assert.equal(members.signal.aborted, false);
    calls[1]?.deadline.release();
    assert.equal(members.signal.aborted, true);
    await Promise.all(left);
  });
});
