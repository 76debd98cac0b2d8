import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { combineWaiters, WaiterGroup } from '../../src/upstream/waiter-group.ts';
import { ABANDONED, createCallers } from './controlled-upstream.ts';

describe('A waiter group', () => {
  it('settles all of its waiters with one result', async () => {
    using callers = createCallers();
    const group = new WaiterGroup<string>();
    const joined = [group.join(callers.call()), group.join(callers.call())];
    group.resolve('v');
    assert.deepEqual(await Promise.all(joined), ['v', 'v']);
    const failing = assert.rejects(group.join(callers.call()), /no/);
    group.reject(new Error('no'));
    await failing;
  });

  it('reports its abandonment when the last waiter leaves, but not after a result', async () => {
    using callers = createCallers();
    const group = new WaiterGroup<string>();
    let abandonments = 0;
    group.onAbandoned = () => abandonments++;
    const calls = [callers.call(), callers.call()];
    const left = Promise.all(calls.map((call) => assert.rejects(group.join(call), ABANDONED)));
    for (const [n, call] of calls.entries()) {
      assert.deepEqual([abandonments, group.isEmpty], [0, false], `before leaver ${n}`);
      call.deadline.release();
    }
    assert.deepEqual([abandonments, group.isEmpty], [1, true]);
    await left;

    const served = callers.call();
    const joined = group.join(served);
    group.resolve('v');
    served.deadline.release();
    assert.equal(await joined, 'v');
    assert.equal(abandonments, 1);
  });
});

describe('Waiter groups that share a call', () => {
  it('abort it when the last waiter of the last group leaves', async () => {
    using callers = createCallers();
    const groups = [new WaiterGroup<string>(), new WaiterGroup<string>()];
    const calls = [callers.call(1_000_000), callers.call(2_000_000)];
    const left = groups.flatMap((group, n) =>
      calls.slice(n).map((call) => assert.rejects(group.join(call), ABANDONED)),
    );
    const waiters = combineWaiters(groups);
    assert.deepEqual(waiters.requesters, calls);
    assert.equal(waiters.expiresAt, calls[1]?.deadline.expiresAt);
    calls[0]?.deadline.release();
    assert.equal(waiters.signal.aborted, false);
    calls[1]?.deadline.release();
    assert.equal(waiters.signal.aborted, true);
    await Promise.all(left);
  });
});
