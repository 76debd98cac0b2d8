import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CallContext, CallWaiters } from '../../src/upstream/call-context.ts';
import { Coalescer } from '../../src/upstream/coalescer.ts';
import {
  ABANDONED,
  callAt,
  createCallers,
  createControlledCalls,
  isSettled,
} from './controlled-upstream.ts';

function createHarness() {
  const callers = createCallers();
  const { sent, send } = createControlledCalls<string>();
  const coalescer = new Coalescer();
  return {
    sent,
    call: callers.call,
    join: (key: string, call: CallContext = callers.call()) =>
      coalescer.join(key, call, (waiters: CallWaiters) => send([key], {}, waiters)),
    [Symbol.dispose]: callers[Symbol.dispose],
  };
}

describe('Identical calls', () => {
  it('are sent once while the first is in flight', async () => {
    using harness = createHarness();
    const loads = [harness.join('k'), harness.join('k')];
    await isSettled(Promise.resolve());
    loads.push(harness.join('k'));
    assert.equal(harness.sent.length, 1);
    callAt(harness.sent, 0).resolve('v');
    assert.deepEqual(await Promise.all(loads), ['v', 'v', 'v']);
  });

  it('share a failure as well', async () => {
    using harness = createHarness();
    const loads = [harness.join('k'), harness.join('k')].map((load) =>
      assert.rejects(load, /down/),
    );
    callAt(harness.sent, 0).reject(new Error('down'));
    await Promise.all(loads);
  });

  it('are sent again after the first has returned or failed', async () => {
    using harness = createHarness();
    for (const value of ['older', 'newer']) {
      const load = harness.join('k');
      callAt(harness.sent, -1).resolve(value);
      assert.equal(await load, value);
    }
    const failing = assert.rejects(harness.join('k'), /down/);
    callAt(harness.sent, -1).reject(new Error('down'));
    await failing;
    const last = harness.join('k');
    callAt(harness.sent, -1).resolve('again');
    assert.equal(await last, 'again');
    assert.equal(harness.sent.length, 4);
  });

  it('that throw before they are sent do not affect the next', async () => {
    using harness = createHarness();
    const coalescer = new Coalescer();
    const broken = () => {
      throw new Error('at once');
    };
    await assert.rejects(coalescer.join('k', harness.call(), broken), /at once/);
    assert.equal(await coalescer.join('k', harness.call(), async () => 'v'), 'v');
  });
});

describe('Calls of different keys', () => {
  it('are never shared', async () => {
    using harness = createHarness();
    const loads = [harness.join('k'), harness.join('l')];
    for (const [at, value] of ['v', 'w'].entries()) callAt(harness.sent, at).resolve(value);
    assert.deepEqual(await Promise.all(loads), ['v', 'w']);
  });

  it('by the number of writes seen are not shared, so that a read after a write sees it', async () => {
    using harness = createHarness();
    const writes = { seen: 0 };
    let stored = 'older';
    const read = () => harness.join(`${writes.seen} k`);
    const before = read();
    const first = callAt(harness.sent, 0);
    const snapshot = stored;
    stored = 'newer';
    writes.seen++;
    const after = read();
    callAt(harness.sent, 1).resolve(stored);
    assert.equal(await after, 'newer');
    const late = read();
    first.resolve(snapshot);
    assert.equal(await before, 'older');
    assert.equal(await isSettled(late), false);
    assert.deepEqual(
      harness.sent.map(({ keys }) => keys[0]),
      ['0 k', '1 k', '1 k'],
    );
    callAt(harness.sent, 2).resolve(stored);
    assert.equal(await late, 'newer');
  });
});

describe('A caller that leaves a shared call', () => {
  it('does not affect the others, even if it was the first', async () => {
    using harness = createHarness();
    const first = harness.call();
    const left = assert.rejects(harness.join('k', first), ABANDONED);
    const other = harness.join('k');
    first.deadline.release();
    await left;
    assert.equal(callAt(harness.sent, 0).waiters.signal.aborted, false);
    const late = harness.join('k');
    assert.equal(harness.sent.length, 1);
    callAt(harness.sent, 0).resolve('v');
    assert.deepEqual(await Promise.all([other, late]), ['v', 'v']);
  });

  it('aborts it if no other caller waits', async () => {
    using harness = createHarness();
    const calls = [harness.call(), harness.call()];
    const left = Promise.all(
      calls.map((call) => assert.rejects(harness.join('k', call), ABANDONED)),
    );
    for (const call of calls) {
      assert.equal(callAt(harness.sent, 0).waiters.signal.aborted, false);
      call.deadline.release();
    }
    assert.equal(callAt(harness.sent, 0).waiters.signal.aborted, true);
    await left;
  });

  it('is followed by a new call, which later callers join', async () => {
    using harness = createHarness();
    const leaver = harness.call();
    const left = assert.rejects(harness.join('k', leaver), ABANDONED);
    leaver.deadline.release();
    const next = harness.join('k');
    assert.equal(harness.sent.length, 2);
    await left;
    const joining = harness.join('k');
    assert.equal(harness.sent.length, 2, 'the aborted call does not remove the second');
    callAt(harness.sent, 1).resolve('v');
    assert.deepEqual(await Promise.all([next, joining]), ['v', 'v']);
  });

  it('cannot join another call', () => {
    using harness = createHarness();
    const leaver = harness.call();
    leaver.deadline.release();
    assert.throws(() => harness.join('k', leaver), ABANDONED);
    assert.equal(harness.sent.length, 0);
  });
});
