import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { ABANDONED, isSettled, malformed, openDesk } from './controlled-upstream.ts';

describe('a caller that leaves', () => {
  it('leaves alone: others who wait for the same call and key do not notice', async () => {
    using desk = openDesk();
    const leaver = desk.call();
    const left = assert.rejects(desk.load('a', {}, leaver), ABANDONED);
    const others = Promise.all([desk.load('a'), desk.load('b')]);
    await turn();
    leaver.deadline.release();
    await left;
    assert.equal(await isSettled(others), false);
    assert.equal(desk.sent[0]?.members.signal.aborted, false);
    await desk.answer();
    assert.deepEqual(await others, ['a!', 'b!']);
  });

  it('leaves with all that it has asked for', async () => {
    using desk = openDesk();
    const leaver = desk.call();
    const loads = [...'abb'].map((key) => desk.load(key, {}, leaver));
    const left = Promise.all(loads.map((load) => assert.rejects(load, ABANDONED)));
    await turn();
    leaver.deadline.release();
    await left;
    assert.equal(desk.sent[0]?.members.signal.aborted, true);
  });

  it('ends the call if it was the last, and not before', async () => {
    using desk = openDesk();
    const calls = [desk.call(), desk.call(), desk.call()];
    const left = Promise.all(
      calls.map((call, n) => assert.rejects(desk.load(n < 2 ? 'a' : 'b', {}, call), ABANDONED)),
    );
    await turn();
    for (const call of calls) {
      assert.equal(desk.sent[0]?.members.signal.aborted, false);
      call.deadline.release();
    }
    assert.equal(desk.sent[0]?.members.signal.aborted, true);
    assert.equal(desk.sent[0]?.members.signal.reason.kind, 'abandoned');
    await left;
  });

  it('makes room for others with the call that it ends', async () => {
    using desk = openDesk();
    const leaver = desk.call();
    const left = assert.rejects(desk.load('a', {}, leaver), ABANDONED);
    await turn();
    const waiting = desk.load('b');
    leaver.deadline.release();
    await left;
    await turn();
    assert.deepEqual(desk.keys(), ['a', 'b']);
    await desk.answer();
    assert.equal(await waiting, 'b!');
  });

  it('before its key has left takes the key back, if nobody else wants it', async () => {
    using desk = openDesk();
    const first = desk.load('a');
    await turn();
    const leaver = desk.call();
    const left = [...'bc'].map((key) => assert.rejects(desk.load(key, {}, leaver), ABANDONED));
    const others = [desk.load('c'), desk.load('d')];
    await turn();
    leaver.deadline.release();
    await Promise.all(left);
    await desk.answer();
    assert.deepEqual(desk.keys(), ['a', 'cd']);
    assert.ok(!desk.sent[1]?.members.requesters.includes(leaver));
    await desk.answer();
    assert.deepEqual(await Promise.all([first, ...others]), ['a!', 'c!', 'd!']);
  });

  it('with the only key of its lane leaves no call behind, and its lane is of use again', async () => {
    using desk = openDesk();
    const leaver = desk.call();
    const left = assert.rejects(desk.load('a', {}, leaver), ABANDONED);
    leaver.deadline.release();
    await left;
    await turn();
    assert.deepEqual(desk.keys(), []);
    const again = desk.load('a');
    await turn();
    await desk.answer();
    assert.equal(await again, 'a!');
  });

  it('does not take a key from those who asked for it after it had left', async () => {
    using desk = openDesk();
    const first = desk.load('x');
    await turn();
    const leaver = desk.call();
    const left = assert.rejects(desk.load('a', {}, leaver), ABANDONED);
    leaver.deadline.release();
    const again = desk.load('a');
    await desk.answer();
    await desk.answer();
    assert.deepEqual(desk.keys(), ['x', 'a']);
    assert.deepEqual(await Promise.all([first, again]), ['x!', 'a!']);
    await left;
  });

  it('may not ask any more', () => {
    using desk = openDesk();
    const leaver = desk.call();
    leaver.deadline.release();
    assert.throws(() => desk.load('a', {}, leaver), ABANDONED);
  });

  it('ends the half that only it waits for, and not the other', async () => {
    using desk = openDesk({ halvings: 1 });
    const leaver = desk.call();
    const left = assert.rejects(desk.load('a', {}, leaver), ABANDONED);
    const other = desk.load('b');
    await turn();
    await desk.fail(malformed());
    leaver.deadline.release();
    await left;
    assert.deepEqual(
      desk.sent.map(({ members }) => members.signal.aborted),
      [false, true, false],
    );
    await desk.answer();
    assert.equal(await other, 'b!');
  });
});

describe('a call for many', () => {
  it('has the longest of their deadlines', async () => {
    using desk = openDesk();
    const calls = [1_000_000, 3_000_000, 2_000_000].map((budgetMs) => desk.call(budgetMs));
    const loads = Promise.all(calls.map((call, n) => desk.load('aab'.charAt(n), {}, call)));
    await turn();
    assert.equal(desk.sent[0]?.members.expiresAt, calls[1]?.deadline.expiresAt);
    await desk.answer();
    await loads;
  });

  it('does not reckon with those who left while it was gathered', async () => {
    using desk = openDesk();
    const leaver = desk.call(3_000_000);
    const staying = desk.call(1_000_000);
    const left = assert.rejects(desk.load('a', {}, leaver), ABANDONED);
    const load = desk.load('a', {}, staying);
    leaver.deadline.release();
    await turn();
    assert.deepEqual(desk.sent[0]?.members.requesters, [staying]);
    assert.equal(desk.sent[0]?.members.expiresAt, staying.deadline.expiresAt);
    await desk.answer();
    assert.equal(await load, 'a!');
    await left;
  });

  it('names each request once, however many keys are its own', async () => {
    using desk = openDesk();
    const [one, two] = [desk.call(), desk.call()];
    const loads = Promise.all([
      ...[...'aab'].map((key) => desk.load(key, {}, one)),
      ...[...'bc'].map((key) => desk.load(key, {}, two)),
    ]);
    await turn();
    assert.deepEqual(desk.sent[0]?.members.requesters, [one, two]);
    await desk.answer();
    assert.deepEqual(await loads, ['a!', 'a!', 'b!', 'b!', 'c!']);
  });

  it('a bad key fails alone, even if its caller has left', async () => {
    using desk = openDesk({ halvings: 9 });
    const leaver = desk.call();
    const left = assert.rejects(desk.load('bad', {}, leaver));
    const good = desk.load('good');
    await turn();
    leaver.deadline.release();
    await left;
    void good.catch(() => {});
    await desk.fail(malformed());
    assert.deepEqual(desk.keys(), ['badgood', 'good']);
    await desk.answer();
    assert.equal(await good, 'good!');
  });

  it('a closed deadline takes its queued keys back', async () => {
    using desk = openDesk();
    const first = desk.load('a');
    await turn();
    const closing = desk.call();
    void desk.load('b', {}, closing).catch(() => {});
    closing.deadline.release();
    await desk.answer();
    await first;
    assert.deepEqual(desk.keys(), ['a']);
  });
});
