import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import {
  ABANDONED,
  createBatcherHarness,
  isSettled,
  malformedError,
} from './controlled-upstream.ts';

describe('A caller that leaves a batcher', () => {
  it('does not affect the others that wait for the same call and key', async () => {
    using harness = createBatcherHarness();
    const leaver = harness.call();
    const left = assert.rejects(harness.load('a', {}, leaver), ABANDONED);
    const others = Promise.all([harness.load('a'), harness.load('b')]);
    await turn();
    leaver.deadline.release();
    await left;
    assert.equal(await isSettled(others), false);
    assert.equal(harness.sent[0]?.waiters.signal.aborted, false);
    await harness.resolve();
    assert.deepEqual(await others, ['a!', 'b!']);
  });

  it('abandons all of its keys', async () => {
    using harness = createBatcherHarness();
    const leaver = harness.call();
    const loads = [...'abb'].map((key) => harness.load(key, {}, leaver));
    const left = Promise.all(loads.map((load) => assert.rejects(load, ABANDONED)));
    await turn();
    leaver.deadline.release();
    await left;
    assert.equal(harness.sent[0]?.waiters.signal.aborted, true);
  });

  it('aborts the call only if it was the last waiter', async () => {
    using harness = createBatcherHarness();
    const calls = [harness.call(), harness.call(), harness.call()];
    const left = Promise.all(
      calls.map((call, n) => assert.rejects(harness.load(n < 2 ? 'a' : 'b', {}, call), ABANDONED)),
    );
    await turn();
    for (const call of calls) {
      assert.equal(harness.sent[0]?.waiters.signal.aborted, false);
      call.deadline.release();
    }
    assert.equal(harness.sent[0]?.waiters.signal.aborted, true);
    assert.equal(harness.sent[0]?.waiters.signal.reason.kind, 'abandoned');
    await left;
  });

  it('frees the slot of the call that it aborts', async () => {
    using harness = createBatcherHarness();
    const leaver = harness.call();
    const left = assert.rejects(harness.load('a', {}, leaver), ABANDONED);
    await turn();
    const waiting = harness.load('b');
    leaver.deadline.release();
    await left;
    await turn();
    assert.deepEqual(harness.keys(), ['a', 'b']);
    await harness.resolve();
    assert.equal(await waiting, 'b!');
  });

  it('removes its queued keys, unless another caller waits for them', async () => {
    using harness = createBatcherHarness();
    const first = harness.load('a');
    await turn();
    const leaver = harness.call();
    const left = [...'bc'].map((key) => assert.rejects(harness.load(key, {}, leaver), ABANDONED));
    const others = [harness.load('c'), harness.load('d')];
    await turn();
    leaver.deadline.release();
    await Promise.all(left);
    await harness.resolve();
    assert.deepEqual(harness.keys(), ['a', 'cd']);
    assert.ok(!harness.sent[1]?.waiters.requesters.includes(leaver));
    await harness.resolve();
    assert.deepEqual(await Promise.all([first, ...others]), ['a!', 'c!', 'd!']);
  });

  it('sends no call for a lane without keys, which stays usable', async () => {
    using harness = createBatcherHarness();
    const leaver = harness.call();
    const left = assert.rejects(harness.load('a', {}, leaver), ABANDONED);
    leaver.deadline.release();
    await left;
    await turn();
    assert.deepEqual(harness.keys(), []);
    const again = harness.load('a');
    await turn();
    await harness.resolve();
    assert.equal(await again, 'a!');
  });

  it('does not remove a key that another caller loads after it left', async () => {
    using harness = createBatcherHarness();
    const first = harness.load('x');
    await turn();
    const leaver = harness.call();
    const left = assert.rejects(harness.load('a', {}, leaver), ABANDONED);
    leaver.deadline.release();
    const again = harness.load('a');
    await harness.resolve();
    await harness.resolve();
    assert.deepEqual(harness.keys(), ['x', 'a']);
    assert.deepEqual(await Promise.all([first, again]), ['x!', 'a!']);
    await left;
  });

  it('cannot load another key', () => {
    using harness = createBatcherHarness();
    const leaver = harness.call();
    leaver.deadline.release();
    assert.throws(() => harness.load('a', {}, leaver), ABANDONED);
  });

  it('aborts the half that only it waits for, and not the other', async () => {
    using harness = createBatcherHarness({ halvings: 1 });
    const leaver = harness.call();
    const left = assert.rejects(harness.load('a', {}, leaver), ABANDONED);
    const other = harness.load('b');
    await turn();
    await harness.reject(malformedError());
    leaver.deadline.release();
    await left;
    assert.deepEqual(
      harness.sent.map(({ waiters }) => waiters.signal.aborted),
      [false, true, false],
    );
    await harness.resolve();
    assert.equal(await other, 'b!');
  });
});

describe('A batch of several callers', () => {
  it('has the latest of their deadlines', async () => {
    using harness = createBatcherHarness();
    const calls = [1_000_000, 3_000_000, 2_000_000].map((budgetMs) => harness.call(budgetMs));
    const loads = Promise.all(calls.map((call, n) => harness.load('aab'.charAt(n), {}, call)));
    await turn();
    assert.equal(harness.sent[0]?.waiters.expiresAt, calls[1]?.deadline.expiresAt);
    await harness.resolve();
    await loads;
  });

  it('is not sent for a caller that left while the keys were queued', async () => {
    using harness = createBatcherHarness();
    const leaver = harness.call(3_000_000);
    const staying = harness.call(1_000_000);
    const left = assert.rejects(harness.load('a', {}, leaver), ABANDONED);
    const load = harness.load('a', {}, staying);
    leaver.deadline.release();
    await turn();
    assert.deepEqual(harness.sent[0]?.waiters.requesters, [staying]);
    assert.equal(harness.sent[0]?.waiters.expiresAt, staying.deadline.expiresAt);
    await harness.resolve();
    assert.equal(await load, 'a!');
    await left;
  });

  it('names each caller once, however many of its keys are in it', async () => {
    using harness = createBatcherHarness();
    const [one, two] = [harness.call(), harness.call()];
    const loads = Promise.all([
      ...[...'aab'].map((key) => harness.load(key, {}, one)),
      ...[...'bc'].map((key) => harness.load(key, {}, two)),
    ]);
    await turn();
    assert.deepEqual(harness.sent[0]?.waiters.requesters, [one, two]);
    await harness.resolve();
    assert.deepEqual(await loads, ['a!', 'a!', 'b!', 'b!', 'c!']);
  });

  it('is sent again without a bad key whose caller has left', async () => {
    using harness = createBatcherHarness({ halvings: 9 });
    const leaver = harness.call();
    const left = assert.rejects(harness.load('bad', {}, leaver));
    const good = harness.load('good');
    await turn();
    leaver.deadline.release();
    await left;
    void good.catch(() => {});
    await harness.reject(malformedError());
    assert.deepEqual(harness.keys(), ['badgood', 'good']);
    await harness.resolve();
    assert.equal(await good, 'good!');
  });

  it('does not contain the queued keys of a caller whose deadline was released', async () => {
    using harness = createBatcherHarness();
    const first = harness.load('a');
    await turn();
    const closing = harness.call();
    void harness.load('b', {}, closing).catch(() => {});
    closing.deadline.release();
    await harness.resolve();
    await first;
    assert.deepEqual(harness.keys(), ['a']);
  });
});
