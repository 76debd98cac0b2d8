import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createBatcherHarness, malformedError } from './controlled-upstream.ts';

const MALFORMED = { kind: 'malformed' };

/** Resolves all calls, except that those with a bad key fail. */
async function settleAll(harness: ReturnType<typeof createBatcherHarness>, bad: string) {
  for (let at = 0; at < harness.sent.length; at++) {
    if (harness.keys()[at]?.includes(bad)) await harness.reject(malformedError(), { at });
    else await harness.resolve({ at });
  }
}

describe('A failed batch', () => {
  it('is halved until the bad key is alone in its call', async () => {
    using harness = createBatcherHarness({ halvings: Number.POSITIVE_INFINITY });
    const loads = Promise.allSettled([...'abcdefgh'].map((key) => harness.load(key)));
    await turn();
    await settleAll(harness, 'f');
    assert.deepEqual(harness.keys(), ['abcdefgh', 'abcd', 'efgh', 'ef', 'gh', 'e', 'f']);
    const results = (await loads).map((result) =>
      result.status === 'fulfilled' ? result.value : result.reason.kind,
    );
    assert.deepEqual(results, ['a!', 'b!', 'c!', 'd!', 'e!', 'malformed', 'g!', 'h!']);
    assert.equal(
      harness.state.halvingRequests,
      3,
      'a single key is not halved and spends no budget',
    );
  });

  it('is not halved without a retry budget, and all of its keys fail', async () => {
    using harness = createBatcherHarness({ halvings: 1 });
    const loads = [...'abcd'].map((key) => harness.load(key));
    const spared = loads.slice(0, 2);
    const failed = Promise.all(loads.slice(2).map((load) => assert.rejects(load, MALFORMED)));
    await turn();
    await settleAll(harness, 'd');
    assert.deepEqual(harness.keys(), ['abcd', 'ab', 'cd']);
    assert.deepEqual(await Promise.all(spared), ['a!', 'b!']);
    await failed;
  });

  it('requests the retry budget once', async () => {
    using harness = createBatcherHarness();
    const failed = Promise.all(
      [...'abcd'].map((key) => assert.rejects(harness.load(key), MALFORMED)),
    );
    await turn();
    await harness.reject(malformedError());
    await failed;
    assert.equal(harness.state.halvingRequests, 1);
  });

  it('keeps its lane and its callers in its halves', async () => {
    using harness = createBatcherHarness({ halvings: 1 });
    const lane = { first: 3, locale: 'de' };
    const [one, two] = [harness.call(1_000_000), harness.call(2_000_000)];
    const loads = Promise.all([harness.load('a', lane, one), harness.load('b', lane, two)]);
    await turn();
    await harness.reject(malformedError());
    const halves = harness.sent.slice(1);
    assert.deepEqual(
      halves.map((half) => half.lane),
      [lane, lane],
    );
    assert.deepEqual(
      halves.map(({ waiters }) => waiters.requesters),
      [[one], [two]],
    );
    assert.deepEqual(
      halves.map(({ waiters }) => waiters.expiresAt),
      [one.deadline.expiresAt, two.deadline.expiresAt],
    );
    for (const at of [1, 2]) await harness.resolve({ at });
    assert.deepEqual(await loads, ['a!', 'b!']);
  });

  it('occupies its slot until both of its halves return', async () => {
    using harness = createBatcherHarness({ halvings: 1 });
    const loads = [harness.load('a'), harness.load('b')];
    await turn();
    loads.push(harness.load('c'));
    await harness.reject(malformedError());
    await harness.resolve({ at: 1 });
    assert.deepEqual(harness.keys(), ['ab', 'a', 'b']);
    await harness.resolve({ at: 2 });
    assert.deepEqual(harness.keys(), ['ab', 'a', 'b', 'c']);
    await harness.resolve();
    assert.deepEqual(await Promise.all(loads), ['a!', 'b!', 'c!']);
  });

  it('is halved without the keys of callers that have left', async () => {
    using harness = createBatcherHarness({ halvings: 9 });
    const leaver = harness.call();
    const left = assert.rejects(harness.load('a', {}, leaver), { kind: 'abandoned' });
    const loads = Promise.all([...'bc'].map((key) => harness.load(key)));
    await turn();
    leaver.deadline.release();
    await harness.reject(malformedError());
    assert.deepEqual(harness.keys(), ['abc', 'b', 'c']);
    for (const at of [1, 2]) await harness.resolve({ at });
    await loads;
    await left;
  });
});
