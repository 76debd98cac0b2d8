import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { RequestDeadline, remainingMs } from '../src/deadline.ts';
import { isSettled } from './upstream/controlled-upstream.ts';

const TIMED_OUT = { code: 'UPSTREAM_TIMEOUT' };

/** A deadline whose time passes when told. */
function open(context: TestContext, budgetMs = 1_000) {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  return {
    deadline: new RequestDeadline(budgetMs),
    pass: (ms: number) => context.mock.timers.tick(ms),
  };
}

describe('a deadline', () => {
  it('ends when its time is over, and not before', (context) => {
    const { deadline, pass } = open(context);
    let ends = 0;
    deadline.onDone(() => ends++);
    pass(999);
    assert.deepEqual([deadline.isDone, ends], [false, 0]);
    pass(1);
    assert.deepEqual([deadline.isDone, ends], [true, 1]);
  });

  it('ends when the client leaves, once for everyone', (context) => {
    const { deadline, pass } = open(context);
    const told: string[] = [];
    deadline.onDone(() => told.push('a'));
    deadline.onDone(() => told.push('b'));
    deadline.release();
    deadline.release();
    pass(2_000);
    assert.equal(deadline.isDone, true);
    assert.deepEqual(told, ['a', 'b']);
  });

  it('ends a wait for what settles in time when the client leaves, and needs no timer for it', async (context) => {
    const { deadline, pass } = open(context);
    const waiting = deadline.waitUntilReleased(new Promise(() => {}));
    pass(2_000);
    assert.equal(deadline.isDone, false);
    deadline.release();
    await assert.rejects(waiting, TIMED_OUT);
  });

  it('tells nobody who wants to know no more, even in the midst of telling', (context) => {
    const { deadline } = open(context);
    const told: string[] = [];
    deadline.onDone(() => {
      told.push('a');
      stop();
    });
    const stop = deadline.onDone(() => told.push('b'));
    deadline.release();
    assert.deepEqual(told, ['a']);
  });

  it('has its deadline on the clock of performance.now()', (context) => {
    const before = performance.now();
    const { deadline } = open(context);
    const after = performance.now();
    assert.ok(deadline.expiresAt >= before + 1_000 && deadline.expiresAt <= after + 1_000);
  });
});

describe('waiting within a deadline', () => {
  it('gives the outcome of the work', async (context) => {
    const { deadline } = open(context);
    assert.equal(await deadline.wait(Promise.resolve(1)), 1);
    await assert.rejects(deadline.wait(Promise.reject(new Error('no'))), /no/);
  });

  it('ends with it, and the work goes on', async (context) => {
    const { deadline, pass } = open(context);
    const { promise, resolve } = Promise.withResolvers<number>();
    const waiting = deadline.wait(promise);
    const ended = assert.rejects(waiting, TIMED_OUT);
    pass(1_000);
    await ended;
    assert.equal(await isSettled(promise), false);
    resolve(1);
    assert.equal(await promise, 1);
    await assert.rejects(waiting, TIMED_OUT);
  });

  it('swallows what the work throws afterwards', async (context) => {
    const { deadline } = open(context);
    const { promise, reject } = Promise.withResolvers<number>();
    const ended = assert.rejects(deadline.wait(promise), TIMED_OUT);
    deadline.release();
    await ended;
    // Were nobody to handle it, the test runner would fail this test.
    reject(new Error('late'));
    assert.equal(await isSettled(promise), true);
  });

  it('is over at once when the deadline is', async (context) => {
    const { deadline } = open(context);
    deadline.release();
    await assert.rejects(deadline.wait(new Promise(() => {})), TIMED_OUT);
  });
});

describe('what remains until a deadline', () => {
  it('is whole milliseconds, at least 1', () => {
    const left = remainingMs(performance.now() + 600_000);
    assert.ok(Number.isInteger(left) && left >= 1 && left <= 600_000, String(left));
  });

  it('is nothing after it: no call starts', () => {
    assert.throws(() => remainingMs(performance.now()), TIMED_OUT);
    assert.throws(() => remainingMs(Number.NEGATIVE_INFINITY), TIMED_OUT);
  });
});
