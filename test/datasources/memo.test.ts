import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMemo, firstPageCacheKey } from '../../src/datasources/memo.ts';
import { isSettled } from '../upstream/controlled-upstream.ts';

/** A memo whose loads are counted, and answer when told. */
function open() {
  const loads: (PromiseWithResolvers<string> & { key: string })[] = [];
  const memo = createMemo((key: string) => {
    const load = { ...Promise.withResolvers<string>(), key };
    loads.push(load);
    return load.promise;
  }, String);
  return { memo, loads, keys: () => loads.map(({ key }) => key).join('') };
}

describe('the memo of a request', () => {
  it('loads a key once, before its answer and after', async () => {
    const { memo, loads, keys } = open();
    const asked = [memo.load('a'), memo.load('a')];
    await isSettled(Promise.resolve());
    asked.push(memo.load('a'));
    loads[0]?.resolve('v');
    assert.deepEqual(await Promise.all(asked), ['v', 'v', 'v']);
    assert.equal(await memo.load('a'), 'v');
    assert.equal(keys(), 'a');
  });

  it('lets no key wait for another', async () => {
    const { memo, loads, keys } = open();
    const [slow, fast] = [memo.load('a'), memo.load('b')];
    assert.equal(await isSettled(slow), false);
    assert.equal(keys(), 'ab');
    loads[1]?.resolve('w');
    assert.equal(await fast, 'w');
    loads[0]?.resolve('v');
    assert.equal(await slow, 'v');
  });

  it('lets a key fail alone, once for all who ask in the request', async () => {
    const { memo, loads, keys } = open();
    const error = new Error('no a');
    const failing = [memo.load('a'), memo.load('a')].map((load) => assert.rejects(load, error));
    const other = memo.load('b');
    await isSettled(other);
    loads[0]?.reject(error);
    loads[1]?.resolve('w');
    await Promise.all(failing);
    assert.equal(await other, 'w');
    await assert.rejects(memo.load('a'), error);
    assert.equal(keys(), 'ab');
  });

  it('forgets what a change clears, and takes what it gives', async () => {
    const { memo, loads, keys } = open();
    const before = memo.load('a');
    await isSettled(before);
    loads[0]?.resolve('older');
    await before;
    memo.clear('a').prime('a', 'newer');
    assert.equal(await memo.load('a'), 'newer');
    memo.clearAll();
    const again = memo.load('a');
    await isSettled(again);
    loads[1]?.resolve('newest');
    assert.equal(await again, 'newest');
    assert.equal(keys(), 'aa');
  });

  it('does not put back what was under way when it was cleared', async () => {
    const { memo, loads } = open();
    const before = memo.load('a');
    await isSettled(before);
    memo.clear('a');
    const after = memo.load('a');
    await isSettled(after);
    loads[1]?.resolve('newer');
    loads[0]?.resolve('older');
    assert.deepEqual(await Promise.all([before, after]), ['older', 'newer']);
    assert.equal(await memo.load('a'), 'newer');
  });

  it('knows keys by their name', async () => {
    let loads = 0;
    const memo = createMemo(
      async ({ user, first }) => `${user} ${first} ${++loads}`,
      firstPageCacheKey,
    );
    const asked = [1, 2, 1].map((first) => memo.load({ user: 'u', first }));
    assert.deepEqual(await Promise.all(asked), ['u 1 1', 'u 2 2', 'u 1 1']);
  });
});

describe('the name of the newest of a list', () => {
  it('differs by user and length', () => {
    const names = [
      { user: '1', first: 1 },
      { user: '11', first: 1 },
      { user: '1', first: 11 },
      { user: '1 1', first: 1 },
    ].map(firstPageCacheKey);
    assert.equal(new Set(names).size, names.length);
  });
});
