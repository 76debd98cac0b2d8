import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLaneLoaders, createLoader } from '../../src/datasources/loader.ts';
import { isSettled } from '../upstream/controlled-upstream.ts';

/** Creates a loader whose batches are recorded and settled by the test. */
function createHarness() {
  const batches: (PromiseWithResolvers<(string | Error)[]> & { keys: readonly string[] })[] = [];
  const loadMany = (keys: readonly string[]) => {
    const batch = { ...Promise.withResolvers<(string | Error)[]>(), keys };
    batches.push(batch);
    return batch.promise;
  };
  return {
    loader: createLoader(loadMany),
    batches,
    keys: () => batches.map(({ keys }) => keys.join('')),
  };
}

describe('The loader of a request', () => {
  it('loads the keys of a tick in one batch, each key once', async () => {
    const { loader, batches, keys } = createHarness();
    const loads = [loader.load('a'), loader.load('b'), loader.load('a')];
    await isSettled(Promise.resolve());
    batches[0]?.resolve(['v', 'w']);
    assert.deepEqual(await Promise.all(loads), ['v', 'w', 'v']);
    assert.equal(await loader.load('a'), 'v');
    assert.deepEqual(keys(), ['ab']);
  });

  it('rejects a key that fails alone, each time that it is loaded', async () => {
    const { loader, batches, keys } = createHarness();
    const error = new Error('no a');
    const failing = [loader.load('a'), loader.load('a')].map((load) => assert.rejects(load, error));
    const other = loader.load('b');
    await isSettled(other);
    batches[0]?.resolve([error, 'w']);
    await Promise.all(failing);
    assert.equal(await other, 'w');
    await assert.rejects(loader.load('a'), error);
    assert.deepEqual(keys(), ['ab']);
  });

  it('forgets the keys that a mutation clears, and returns the values that it primes', async () => {
    const { loader, batches, keys } = createHarness();
    const before = loader.load('a');
    await isSettled(before);
    batches[0]?.resolve(['older']);
    await before;
    loader.clear('a').prime('a', 'newer');
    assert.equal(await loader.load('a'), 'newer');
    loader.clearAll();
    const again = loader.load('a');
    await isSettled(again);
    batches[1]?.resolve(['newest']);
    assert.equal(await again, 'newest');
    assert.deepEqual(keys(), ['a', 'a']);
  });

  it('does not remember a value that was in flight when its key was cleared', async () => {
    const { loader, batches } = createHarness();
    const before = loader.load('a');
    await isSettled(before);
    loader.clear('a');
    const after = loader.load('a');
    await isSettled(after);
    batches[1]?.resolve(['newer']);
    batches[0]?.resolve(['older']);
    assert.deepEqual(await Promise.all([before, after]), ['older', 'newer']);
    assert.equal(await loader.load('a'), 'newer');
  });
});

describe('The loaders of lanes', () => {
  it('batch and remember the keys of each lane separately, whatever its parameters are', async () => {
    const batches: string[] = [];
    const loaders = createLaneLoaders((lane) => async (keys) => {
      batches.push(`${JSON.stringify(lane)} ${keys}`);
      return keys.map((key) => `${key} ${JSON.stringify(lane)}`);
    });
    const lanes = [
      { first: 1 },
      { first: 11 },
      { first: 1, status: 'placed' },
      { first: 1, status: undefined },
    ];
    const loads = lanes.flatMap((lane) => [loaders.load('u', lane), loaders.load('v', lane)]);
    await Promise.all(loads);
    assert.deepEqual(batches, [
      '{"first":1} u,v',
      '{"first":11} u,v',
      '{"first":1,"status":"placed"} u,v',
    ]);
    loaders.clearAll();
    await loaders.load('u', { first: 1 });
    assert.equal(batches.length, 4);
  });
});
