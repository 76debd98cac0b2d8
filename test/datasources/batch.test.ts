import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createLaneLoader, createLoader } from '../../src/datasources/batch.ts';

describe('a loader', () => {
  it('gathers the keys of one turn into one call, each key once', async () => {
    const calls: (readonly string[])[] = [];
    const loader = createLoader<string>(
      async (keys) => {
        calls.push(keys);
        return new Map(keys.toReversed().map((key) => [key, `<${key}>`]));
      },
      () => new Error('absent'),
    );
    const found = await Promise.all(['a', 'b', 'a'].map((key) => loader.load(key)));
    assert.deepEqual(found, ['<a>', '<b>', '<a>']);
    assert.deepEqual(calls, [['a', 'b']]);
  });

  it('fails only the keys that have no answer', async () => {
    const loader = createLoader(
      async () => new Map([['a', 1]]),
      () => new Error('absent'),
    );
    const [a, b] = await Promise.allSettled([loader.load('a'), loader.load('b')]);
    assert.equal(a.status === 'fulfilled' && a.value, 1);
    assert.match(String(b.status === 'rejected' && b.reason), /absent/);
  });

  it('asks in calls of at most 100 keys', async () => {
    const sizes: number[] = [];
    const loader = createLoader<string>(
      async (keys) => {
        sizes.push(keys.length);
        return new Map(keys.map((key) => [key, key]));
      },
      () => new Error('absent'),
    );
    await loader.loadMany(Array.from({ length: 250 }, (_, n) => `${n}`));
    assert.deepEqual(sizes, [100, 100, 50]);
  });
});

describe('a lane loader', () => {
  it('never mixes lanes, and one that fails costs only its own keys', async () => {
    const calls: [readonly string[], number][] = [];
    const loader = createLaneLoader<string>(async (owners, lane) => {
      calls.push([owners, lane]);
      if (lane === 2) throw new Error('lane 2 is down');
      return new Map(owners.map((owner) => [owner, `${owner}:${lane}`]));
    });
    const keys = [
      { owner: 'a', lane: 1 },
      { owner: 'a', lane: 2 },
      { owner: 'b', lane: 1 },
    ];
    const answers = await Promise.allSettled(keys.map((key) => loader.load(key)));
    assert.deepEqual(
      answers.map((answer) =>
        answer.status === 'fulfilled' ? answer.value : answer.reason.message,
      ),
      ['a:1', 'lane 2 is down', 'b:1'],
    );
    assert.deepEqual(calls, [
      [['a', 'b'], 1],
      [['a'], 2],
    ]);
  });
});
