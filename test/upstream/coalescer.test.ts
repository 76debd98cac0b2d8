import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CallContext, CallWaiters } from '../../src/upstream/call-context.ts';
import { Coalescer } from '../../src/upstream/coalescer.ts';
import { ABANDONED, createCallers, createTold, isSettled, toldAt } from './controlled-upstream.ts';

function open() {
  const callers = createCallers();
  const { sent, send } = createTold<string>();
  const coalescer = new Coalescer();
  return {
    sent,
    call: callers.call,
    join: (key: string, call: CallContext = callers.call()) =>
      coalescer.join(key, call, (members: CallWaiters) => send([key], {}, members)),
    [Symbol.dispose]: callers[Symbol.dispose],
  };
}

describe('identical calls', () => {
  it('are one while it is under way', async () => {
    using desk = open();
    const asked = [desk.join('k'), desk.join('k')];
    await isSettled(Promise.resolve());
    asked.push(desk.join('k'));
    assert.equal(desk.sent.length, 1);
    toldAt(desk.sent, 0).answer('v');
    assert.deepEqual(await Promise.all(asked), ['v', 'v', 'v']);
  });

  it('share a failure, too', async () => {
    using desk = open();
    const asked = [desk.join('k'), desk.join('k')].map((load) => assert.rejects(load, /down/));
    toldAt(desk.sent, 0).fail(new Error('down'));
    await Promise.all(asked);
  });

  it('are sent anew when the last one has come back', async () => {
    using desk = open();
    for (const value of ['older', 'newer']) {
      const load = desk.join('k');
      toldAt(desk.sent, -1).answer(value);
      assert.equal(await load, value);
    }
    const failing = assert.rejects(desk.join('k'), /down/);
    toldAt(desk.sent, -1).fail(new Error('down'));
    await failing;
    const last = desk.join('k');
    toldAt(desk.sent, -1).answer('again');
    assert.equal(await last, 'again');
    assert.equal(desk.sent.length, 4);
  });

  it('that fail before they are sent keep nobody from the next', async () => {
    using desk = open();
    const coalescer = new Coalescer();
    const broken = () => {
      throw new Error('at once');
    };
    await assert.rejects(coalescer.join('k', desk.call(), broken), /at once/);
    assert.equal(await coalescer.join('k', desk.call(), async () => 'v'), 'v');
  });
});

describe('calls that differ', () => {
  it('are never shared', async () => {
    using desk = open();
    const asked = [desk.join('k'), desk.join('l')];
    for (const [at, value] of ['v', 'w'].entries()) toldAt(desk.sent, at).answer(value);
    assert.deepEqual(await Promise.all(asked), ['v', 'w']);
  });

  it('do so by the writes that have been seen: whoever asks after one sees it', async () => {
    using desk = open();
    const writes = { seen: 0 };
    let stored = 'older';
    const ask = () => desk.join(`${writes.seen} k`);
    const before = ask();
    const first = toldAt(desk.sent, 0);
    const snapshot = stored;
    stored = 'newer';
    writes.seen++;
    const after = ask();
    toldAt(desk.sent, 1).answer(stored);
    assert.equal(await after, 'newer');
    const late = ask();
    first.answer(snapshot);
    assert.equal(await before, 'older');
    assert.equal(await isSettled(late), false);
    assert.deepEqual(
      desk.sent.map(({ keys }) => keys[0]),
      ['0 k', '1 k', '1 k'],
    );
    toldAt(desk.sent, 2).answer(stored);
    assert.equal(await late, 'newer');
  });
});

describe('who leaves a shared call', () => {
  it('leaves alone, be it the first', async () => {
    using desk = open();
    const first = desk.call();
    const left = assert.rejects(desk.join('k', first), ABANDONED);
    const other = desk.join('k');
    first.deadline.release();
    await left;
    assert.equal(toldAt(desk.sent, 0).members.signal.aborted, false);
    const late = desk.join('k');
    assert.equal(desk.sent.length, 1);
    toldAt(desk.sent, 0).answer('v');
    assert.deepEqual(await Promise.all([other, late]), ['v', 'v']);
  });

  it('ends it if nobody else waits', async () => {
    using desk = open();
    const calls = [desk.call(), desk.call()];
    const left = Promise.all(calls.map((call) => assert.rejects(desk.join('k', call), ABANDONED)));
    for (const call of calls) {
      assert.equal(toldAt(desk.sent, 0).members.signal.aborted, false);
      call.deadline.release();
    }
    assert.equal(toldAt(desk.sent, 0).members.signal.aborted, true);
    await left;
  });

  it('is not followed by others into a call that was ended', async () => {
    using desk = open();
    const leaver = desk.call();
    const left = assert.rejects(desk.join('k', leaver), ABANDONED);
    leaver.deadline.release();
    const next = desk.join('k');
    assert.equal(desk.sent.length, 2);
    await left;
    const joining = desk.join('k');
    assert.equal(desk.sent.length, 2, 'the end of the first call is not the end of the second');
    toldAt(desk.sent, 1).answer('v');
    assert.deepEqual(await Promise.all([next, joining]), ['v', 'v']);
  });

  it('may not ask any more', () => {
    using desk = open();
    const leaver = desk.call();
    leaver.deadline.release();
    assert.throws(() => desk.join('k', leaver), ABANDONED);
    assert.equal(desk.sent.length, 0);
  });
});
