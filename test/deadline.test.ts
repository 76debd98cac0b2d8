import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Lifetime, remaining } from '../src/deadline.ts';
import { isSettled } from './upstream/controlled-upstream.ts';

const TIMED_OUT = { code: 'UPSTREAM_TIMEOUT' };

/** A lifetime whose time passes when told. */
function open(context: TestContext, budgetMs = 1_000) {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  return { lifetime: new Lifetime(budgetMs), pass: (ms: number) => context.mock.timers.tick(ms) };
}

describe('a lifetime', () => {
  it('ends when its time is over, and not before', (context) => {
    const { lifetime, pass } = open(context);
    let ends = 0;
    lifetime.onLeave(() => ends++);
    pass(999);
    assert.deepEqual([lifetime.isOver, ends], [false, 0]);
    pass(1);
    assert.deepEqual([lifetime.isOver, ends], [true, 1]);
  });

  it('ends when the client leaves, once for everyone', (context) => {
    const { lifetime, pass } = open(context);
    const told: string[] = [];
    lifetime.onLeave(() => told.push('a'));
    lifetime.onLeave(() => told.push('b'));
    lifetime.leave();
    lifetime.leave();
    pass(2_000);
    assert.equal(lifetime.isOver, true);
    assert.deepEqual(told, ['a', 'b']);
  });

  it('tells nobody who wants to know no more, even in the midst of telling', (context) => {
    const { lifetime } = open(context);
    const told: string[] = [];
    lifetime.onLeave(() => {
      told.push('a');
      stop();
    });
    const stop = lifetime.onLeave(() => told.push('b'));
    lifetime.leave();
    assert.deepEqual(told, ['a']);
  });

  it('has its deadline on the clock of performance.now()', (context) => {
    const before = performance.now();
    const { lifetime } = open(context);
    const after = performance.now();
    assert.ok(lifetime.deadline >= before + 1_000 && lifetime.deadline <= after + 1_000);
  });
});

describe('waiting within a lifetime', () => {
  it('gives the outcome of the work', async (context) => {
    const { lifetime } = open(context);
    assert.equal(await lifetime.wait(Promise.resolve(1)), 1);
    await assert.rejects(lifetime.wait(Promise.reject(new Error('no'))), /no/);
  });

  it('ends with it, and the work goes on', async (context) => {
    const { lifetime, pass } = open(context);
    const { promise, resolve } = Promise.withResolvers<number>();
    const waiting = lifetime.wait(promise);
    const ended = assert.rejects(waiting, TIMED_OUT);
    pass(1_000);
    await ended;
    assert.equal(await isSettled(promise), false);
    resolve(1);
    assert.equal(await promise, 1);
    await assert.rejects(waiting, TIMED_OUT);
  });

  it('swallows what the work throws afterwards', async (context) => {
    const { lifetime } = open(context);
    const { promise, reject } = Promise.withResolvers<number>();
    const ended = assert.rejects(lifetime.wait(promise), TIMED_OUT);
    lifetime.leave();
    await ended;
    // Were nobody to handle it, the test runner would fail this test.
    reject(new Error('late'));
    assert.equal(await isSettled(promise), true);
  });

  it('is over at once when the lifetime is', async (context) => {
    const { lifetime } = open(context);
    lifetime.leave();
    await assert.rejects(lifetime.wait(new Promise(() => {})), TIMED_OUT);
  });
});

describe('what remains until a deadline', () => {
  it('is whole milliseconds, at least 1', () => {
    const left = remaining(performance.now() + 600_000);
    assert.ok(Number.isInteger(left) && left >= 1 && left <= 600_000, String(left));
  });

  it('is nothing after it: no call starts', () => {
    assert.throws(() => remaining(performance.now()), TIMED_OUT);
    assert.throws(() => remaining(Number.NEGATIVE_INFINITY), TIMED_OUT);
  });
});
