import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createPackedTier, PackedStore } from '../../src/cache/packed-store.ts';

/*
 * Property: a packed store returns the text that was last set with a key, or nothing: never an older
 * or a deleted one, or that of another key. What was set recently is there.
 *
 * Cases: lists of random steps for a store of 16 segments of 1 kB, which fills up many times. A model,
 * a Map, has the last text of each key, and how much was set since.
 *
 * Replay: fast-check prints the seed and the path of a failure; pass both to `fc.assert` below.
 */
const RUNS = 200;
const SEGMENT_BYTES = 1_024;
const SEGMENTS = 16;
const MAX_BYTES = SEGMENT_BYTES * SEGMENTS;
/** What a record takes besides its text, at most. */
const OVERHEAD_BYTES = 100;

const key = fc.nat({ max: 80 }).map((n) => `key-${n}`);
/** Characters of one to four bytes. */
const character = fc.constantFrom('a', '"', 'é', '漢', '😀');
const length = fc.oneof(
  { weight: 20, arbitrary: fc.nat({ max: 100 }) },
  fc.nat({ max: 2 * SEGMENT_BYTES }),
);
const step = fc.oneof(
  { weight: 1_000, arbitrary: fc.record({ set: key, character, length }) },
  { weight: 2_000, arbitrary: fc.record({ get: key }) },
  { weight: 50, arbitrary: fc.record({ delete: key }) },
  { weight: 1, arbitrary: fc.record({ clear: fc.constant(true) }) },
);

/** The segments that a text fills, at most: texts that are not short may leave two mostly empty. */
function segmentsFilledBy(value: string): number {
  const size = Buffer.byteLength(value) + OVERHEAD_BYTES;
  // At least half of a reused segment is free, and a short text leaves less than a quarter of it empty.
  return size > SEGMENT_BYTES / 4 ? 2 : size / (SEGMENT_BYTES / 4);
}

describe('Packed store', () => {
  it('returns the last text of a key or nothing, and has what was set recently, in any sequence', () => {
    const property = fc.property(fc.array(step, { maxLength: 3_000, size: 'max' }), (steps) => {
      const store = new PackedStore(MAX_BYTES);
      const model = new Map<string, { value: string; filledSince: number }>();
      const check = (name: string) => {
        const found = store.get(name)?.value;
        const expected = model.get(name);
        const mayBeMissing = (expected?.filledSince ?? SEGMENTS) >= SEGMENTS - 1;
        if (found !== undefined || !mayBeMissing) assert.equal(found, expected?.value);
      };
      for (const [n, action] of steps.entries()) {
        if ('set' in action) {
          const value = `${n} ${action.character.repeat(action.length)}`;
          store.set(action.set, { value });
          for (const known of model.values()) known.filledSince += segmentsFilledBy(value);
          const isTooLarge = Buffer.byteLength(value) + OVERHEAD_BYTES > SEGMENT_BYTES;
          model.set(action.set, { value, filledSince: isTooLarge ? SEGMENTS : 0 });
        } else if ('get' in action) {
          check(action.get);
        } else if ('delete' in action) {
          store.delete(action.delete);
          model.delete(action.delete);
        } else {
          store.clear();
          model.clear();
          assert.deepEqual(store.usage(), { bytes: 0, entries: 0 });
        }
        assert.ok(store.usage().bytes <= MAX_BYTES);
      }
      for (const name of model.keys()) check(name);
    });
    fc.assert(property, { numRuns: RUNS });
  });

  it('keeps what is read, and evicts what is not read any more', () => {
    const store = new PackedStore(MAX_BYTES);
    const value = 'x'.repeat(100);
    const names = ['always', 'once', 'never'];
    for (const name of names) store.set(name, { value });
    store.get('once');
    for (let n = 0; n < 1_000; n++) {
      store.set(`other ${n}`, { value });
      if (n % 10 === 0) assert.equal(store.get('always')?.value, value);
    }
    assert.deepEqual(
      names.map((name) => store.get(name)?.value),
      [value, undefined, undefined],
    );
  });

  it('evicts what has expired, even if it was read', () => {
    const store = new PackedStore(MAX_BYTES);
    store.set('expired', { value: 'old', expires: Date.now() - 1 });
    for (let n = 0; n < 1_000; n++) {
      store.set(`other ${n}`, { value: 'x'.repeat(100) });
      if (n % 10 === 0) store.get('expired');
    }
    assert.equal(store.get('expired'), undefined);
  });

  it('finds the newer one of two keys with the same checksum', () => {
    const store = new PackedStore(MAX_BYTES);
    store.set('plumless', { value: 'older' });
    store.set('buckeroo', { value: 'newer' });
    assert.equal(store.get('plumless'), undefined);
    assert.equal(store.get('buckeroo')?.value, 'newer');
  });

  it('limits the number of short texts, because the index takes memory too', () => {
    const store = new PackedStore(MAX_BYTES);
    for (let n = 0; n < 1_000; n++) store.set(`${n}`, { value: '' });
    const { bytes, entries } = store.usage();
    assert.ok(bytes > 0.9 * MAX_BYTES && bytes <= MAX_BYTES, `${bytes}`);
    assert.ok(entries < MAX_BYTES / 64, `${entries}`);
  });

  it('as a tier of keyv returns texts as they are until they expire', async (test) => {
    test.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    const tier = createPackedTier(new PackedStore(MAX_BYTES));
    await tier.set('key', '"é漢\n', 1_000);
    await tier.set('forever', 'text');
    assert.equal(await tier.get('key'), '"é漢\n');
    test.mock.timers.tick(1_001);
    assert.equal(await tier.get('key'), undefined);
    assert.equal(await tier.get('forever'), 'text');
  });
});
