import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { until } from '../support/until.ts';
import { createBatcherHarness } from './controlled-upstream.ts';

describe('An idle batcher', () => {
  it('sends all keys of an event loop turn in one call at the end of the turn', async () => {
    using harness = createBatcherHarness();
    const loads = [harness.load('a')];
    await Promise.resolve();
    loads.push(harness.load('b'));
    await Promise.resolve();
    assert.deepEqual(harness.keys(), []);
    await turn();
    assert.deepEqual(harness.keys(), ['ab']);
    await harness.resolve();
    assert.deepEqual(await Promise.all(loads), ['a!', 'b!']);
  });

  it('sends keys without waiting while fewer calls than the limit are in flight', async () => {
    using harness = createBatcherHarness({ limit: 2 });
    const loads = [harness.load('a')];
    await turn();
    loads.push(harness.load('b'));
    await turn();
    loads.push(harness.load('c'));
    await turn();
    assert.deepEqual(harness.keys(), ['a', 'b']);
    await harness.resolve({ at: 1 });
    assert.deepEqual(harness.keys(), ['a', 'b', 'c']);
    await harness.resolve({ at: 0 });
    await harness.resolve({ at: 2 });
    assert.deepEqual(await Promise.all(loads), ['a!', 'b!', 'c!']);
  });
});

describe('A batcher whose keys can wait', () => {
  it('sends them when the first of them can wait no longer', async () => {
    using harness = createBatcherHarness();
    harness.state.sendBy = performance.now() + 40;
    const loads = [harness.load('a')];
    await turn();
    harness.state.sendBy = performance.now() + 3_600_000;
    loads.push(harness.load('b'));
    await turn();
    assert.deepEqual(harness.keys(), []);
    await until(() => harness.sent.length > 0);
    assert.deepEqual(harness.keys(), ['ab']);
    await harness.resolve();
    assert.deepEqual(await Promise.all(loads), ['a!', 'b!']);
  });

  it('sends them with a key that cannot wait, and not with one of another lane', async () => {
    using harness = createBatcherHarness({ limit: 3 });
    harness.state.sendBy = performance.now() + 3_600_000;
    const loads = [harness.load('a')];
    await turn();
    harness.state.sendBy = 0;
    loads.push(harness.load('b', { first: 2 }));
    await turn();
    assert.deepEqual(harness.keys(), ['b']);
    loads.push(harness.load('c'));
    await turn();
    assert.deepEqual(harness.keys(), ['b', 'ac']);
    for (const at of harness.sent.keys()) await harness.resolve({ at });
    assert.deepEqual(await Promise.all(loads), ['a!', 'b!', 'c!']);
  });

  it('keeps them waiting when a call returns', async () => {
    using harness = createBatcherHarness();
    const loads = [harness.load('a')];
    await turn();
    harness.state.sendBy = performance.now() + 3_600_000;
    loads.push(harness.load('b'));
    await turn();
    await harness.resolve();
    await turn();
    assert.deepEqual(harness.keys(), ['a']);
    harness.state.sendBy = 0;
    loads.push(harness.load('c'));
    await turn();
    assert.deepEqual(harness.keys(), ['a', 'bc']);
    await harness.resolve();
    assert.deepEqual(await Promise.all(loads), ['a!', 'b!', 'c!']);
  });
});

describe('The calls of a batcher', () => {
  it('take as many keys as fit into a URL of 8 KiB, and at least one', async () => {
    using harness = createBatcherHarness({ limit: 100 });
    const long = Array.from({ length: 20 }, (_, n) => `${n}|`.padEnd(255, '陽'));
    const loads = [...long, '|'.repeat(9_000), 'a', 'b'].map((key) => harness.load(key));
    while (harness.sent.flatMap(({ keys }) => keys).length < loads.length) await turn();
    const lengths = harness.sent.map(({ keys }) => keys.map(encodeURIComponent).join().length);
    const [alone, ...others] = lengths.toSorted((a, b) => b - a);
    assert.equal(alone, 27_000);
    for (const length of others) assert.ok(length < 7_000, `${length}`);
    assert.ok(lengths.length < loads.length / 2 + 2, 'short keys still share calls');
    for (const at of harness.sent.keys()) await harness.resolve({ at });
    assert.equal((await Promise.all(loads)).length, loads.length);
  });
});

describe('A batcher at its in-flight limit', () => {
  it('queues keys and sends them in one call when a call returns', async () => {
    using harness = createBatcherHarness();
    const loads = [harness.load('a')];
    await turn();
    for (const key of 'bcd') {
      loads.push(harness.load(key));
      await turn();
    }
    assert.deepEqual(harness.keys(), ['a']);
    await harness.resolve();
    assert.deepEqual(harness.keys(), ['a', 'bcd']);
    await harness.resolve();
    assert.deepEqual(await Promise.all(loads), ['a!', 'b!', 'c!', 'd!']);
  });

  it('sends the queued keys also when a call fails', async () => {
    using harness = createBatcherHarness();
    const failing = assert.rejects(harness.load('a'), /down/);
    await turn();
    const waiting = harness.load('b');
    await harness.reject(new Error('down'));
    assert.deepEqual(harness.keys(), ['a', 'b']);
    await harness.resolve();
    await failing;
    assert.equal(await waiting, 'b!');
  });

  it('applies a limit that changes', async () => {
    using harness = createBatcherHarness({ limit: 3, maxKeys: 1 });
    const loads = [...'abc'].map((key) => harness.load(key));
    await turn();
    assert.deepEqual(harness.keys(), ['a', 'b', 'c']);
    harness.state.limit = 1;
    loads.push(harness.load('d'), harness.load('e'));
    await harness.resolve({ at: 0 });
    await harness.resolve({ at: 1 });
    assert.equal(harness.sent.length, 3);
    await harness.resolve({ at: 2 });
    assert.deepEqual(harness.keys().slice(3), ['d']);
    harness.state.limit = 2;
    loads.push(harness.load('f'));
    await turn();
    assert.deepEqual(harness.keys().slice(3), ['d', 'e']);
    for (const at of [3, 4, 5]) await harness.resolve({ at });
    assert.deepEqual(await Promise.all(loads), ['a!', 'b!', 'c!', 'd!', 'e!', 'f!']);
  });

  it('puts at most maxKeys keys into one call', async () => {
    using harness = createBatcherHarness({ maxKeys: 2 });
    const loads = Promise.all([...'abcde'].map((key) => harness.load(key)));
    await turn();
    while (!harness.keys().includes('e')) await harness.resolve();
    await harness.resolve();
    assert.deepEqual(harness.keys(), ['ab', 'cd', 'e']);
    assert.deepEqual(await loads, ['a!', 'b!', 'c!', 'd!', 'e!']);
  });

  it('fills all free calls at once', async () => {
    using harness = createBatcherHarness({ limit: 2, maxKeys: 2 });
    const loads = Promise.all([...'abcde'].map((key) => harness.load(key)));
    await turn();
    assert.deepEqual(harness.keys(), ['ab', 'cd']);
    await harness.resolve({ at: 0 });
    for (const at of [1, 2]) await harness.resolve({ at });
    assert.equal((await loads).length, 5);
  });
});

describe('A key of a batch', () => {
  it('is sent in the order of the loads', async () => {
    using harness = createBatcherHarness({ maxKeys: 3 });
    const loads = Promise.all([...'dbacb'].map((key) => harness.load(key)));
    await turn();
    await harness.resolve();
    await harness.resolve();
    assert.deepEqual(harness.keys(), ['dba', 'c']);
    assert.deepEqual(await loads, ['d!', 'b!', 'a!', 'c!', 'b!']);
  });

  it('gets its own value, whatever the order of the response and whatever else is in it', async () => {
    using harness = createBatcherHarness();
    const loads = Promise.all([harness.load('a'), harness.load('b')]);
    await turn();
    const values = { stray: 'stray!', b: 'b!', a: 'a!' };
    harness.sent[0]?.resolve(new Map(Object.entries(values)));
    assert.deepEqual(await loads, ['a!', 'b!']);
  });

  it('that is missing from the response fails alone', async () => {
    using harness = createBatcherHarness();
    const missing = assert.rejects(harness.load('a'), { message: 'no a' });
    const there = harness.load('b');
    await turn();
    await harness.resolve({ omitted: 'a' });
    await missing;
    assert.equal(await there, 'b!');
  });

  it('is sent once for all that load it while it is queued', async () => {
    using harness = createBatcherHarness();
    const loads = [harness.load('a')];
    await turn();
    loads.push(harness.load('b'), harness.load('b'));
    await turn();
    loads.push(harness.load('b'));
    await harness.resolve();
    assert.deepEqual(harness.keys(), ['a', 'b']);
    await harness.resolve();
    assert.deepEqual(await Promise.all(loads), ['a!', 'b!', 'b!', 'b!']);
    assert.equal(harness.sent[1]?.waiters.requesters.length, 3);
  });

  it('is sent again for a load after it was sent', async () => {
    using harness = createBatcherHarness({ limit: 2 });
    const before = harness.load('a');
    await turn();
    const after = harness.load('a');
    await turn();
    assert.deepEqual(harness.keys(), ['a', 'a']);
    harness.sent[1]?.resolve(new Map([['a', 'newer']]));
    harness.sent[0]?.resolve(new Map([['a', 'older']]));
    assert.deepEqual(await Promise.all([before, after]), ['older', 'newer']);
  });
});

describe('A lane of a batcher', () => {
  it('shares no call with another lane', async () => {
    using harness = createBatcherHarness({ limit: 9 });
    const open = { status: 'open' };
    const german = { locale: 'de' };
    const one = { first: 1 };
    const lanes = [{}, one, { first: 2 }, open, german, { ...one, ...open }, { ...one, ...german }];
    const loads = Promise.all(
      lanes.flatMap((lane) => [harness.load('a', lane), harness.load('b', lane)]),
    );
    await turn();
    assert.deepEqual(
      harness.sent.map(({ lane }) => lane),
      lanes,
    );
    assert.ok(harness.keys().every((keys) => keys === 'ab'));
    for (const at of lanes.keys()) await harness.resolve({ at });
    await loads;
  });

  it('takes turns with the others, so that a full lane starves none', async () => {
    using harness = createBatcherHarness({ maxKeys: 2 });
    const full = [...'abcdef'].map((key) => harness.load(key, { first: 1 }));
    const small = [...'xy'].map((key) => harness.load(key, { first: 2 }));
    const last = harness.load('z', { first: 3 });
    const loads = Promise.all([...full, ...small, last]);
    await turn();
    while (harness.sent.length < 5) await harness.resolve();
    await harness.resolve();
    assert.deepEqual(harness.keys(), ['ab', 'xy', 'z', 'cd', 'ef']);
    await loads;
  });
});
