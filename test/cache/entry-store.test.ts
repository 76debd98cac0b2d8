import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Keyv } from 'keyv';
import { createMemoryStore } from '../../src/cache/create-response-cache.ts';
import { createEntry, fromText, toText } from '../../src/cache/entry.ts';
import { hashKey } from '../../src/cache/key.ts';
import { createPackedTier, PackedStore } from '../../src/cache/packed-store.ts';
import { createEntryStore } from '../../src/cache/store.ts';

const TTL_MS = 60_000;
/** Less than any entry, so that all are read from the second tiers. */
const NO_MEMORY = 1;
/** For about ten entries. */
const FEW_ENTRIES = 12_000;
const SILENT = { warn() {} };

const entryOf = (text: string) =>
  createEntry(text, {
    maxAge: 60,
    version: 7,
    scope: 'user',
    startedAt: 1.5,
    tags: ['Order', 'Order:é漢'],
  });
const packedTier = () => createPackedTier(new PackedStore(1_000_000));

describe('The text of a cache entry', () => {
  it('contains everything but what is derived from it', () => {
    const entry = entryOf('{"data":"é漢😀\\n"}\n{}');
    assert.deepEqual(fromText(toText(entry)), entry);
  });

  it('is not taken for an entry after any change', () => {
    const text = toText(entryOf('{"data":1}'));
    for (let at = 0; at < text.length; at++) {
      assert.equal(fromText(text.slice(0, at)), undefined);
      assert.equal(fromText(text.slice(at + 1)), undefined);
      assert.equal(fromText(`${text.slice(0, at)}~${text.slice(at + 1)}`), undefined);
    }
    for (const garbage of ['', '\n', 'null', '{}\n{}', `${text}\n`, text.replace('-1 ', '-2 ')]) {
      assert.equal(fromText(garbage), undefined);
    }
  });
});

describe('Entry store', () => {
  it('asks the second tiers in order; one that fails or has no entry is a miss', async () => {
    const warnings: string[] = [];
    const log = { warn: (...given: unknown[]) => void warnings.push(String(given.at(-1))) };
    const fail = () => {
      throw new Error('broken');
    };
    const failing = new Keyv<string>({
      store: { get: fail, set: fail, delete: fail, clear: fail },
      throwOnErrors: true,
      emitErrors: false,
    });
    const [garbled, mistyped, working] = [packedTier(), new Keyv(), packedTier()];
    const tiers = [failing, garbled, mistyped, packedTier(), working];
    const store = createEntryStore(NO_MEMORY, tiers, log);
    const entry = entryOf('{"data":1}');
    store.set('key', entry, TTL_MS);
    await turn();
    await garbled.set(hashKey('key'), 'garbage');
    await mistyped.set(hashKey('key'), { maxAge: 60 });
    await tiers[3]?.delete(hashKey('key'));
    assert.deepEqual(await store.get('key'), entry);
    await working.delete(hashKey('key'));
    assert.equal(await store.get('key'), undefined);
    assert.deepEqual([...new Set(warnings)].sort(), [
      'cache read failed in a second tier',
      'cache write failed in a second tier',
    ]);
  });

  it('reads an entry into memory, where it is found without waiting', async () => {
    const tier = packedTier();
    const entry = entryOf('{"data":1}');
    createEntryStore(NO_MEMORY, [tier], SILENT).set('key', entry, TTL_MS);
    const store = createEntryStore(1_000_000, [tier], SILENT);
    assert.equal(store.peek('key'), undefined);
    assert.deepEqual(await store.get('key'), entry);
    assert.deepEqual(store.peek('key'), entry);
  });

  it('keeps an entry in full memory that is read often among many others', async () => {
    const store = createEntryStore(FEW_ENTRIES, [packedTier()], SILENT);
    for (let n = 0; n < 100; n++) store.set(`key ${n}`, entryOf(`{"data":${n}}`), TTL_MS);
    await turn();
    assert.equal(store.peek('key 0'), undefined);
    let reads = 0;
    for (; !store.peek('key 0') && reads < 2_000; reads++) {
      await store.get('key 0');
      await store.get(`key ${1 + (reads % 99)}`);
    }
    assert.ok(store.peek('key 0'), 'read into memory after some reads');
  });

  it('replaces few of the entries in full memory while each of many others is read once', async () => {
    const store = createEntryStore(FEW_ENTRIES, [packedTier()], SILENT);
    const keys = Array.from({ length: 100 }, (_, n) => `key ${n}`);
    for (const key of keys) store.set(key, entryOf('{"data":1}'), TTL_MS);
    await turn();
    const inMemory = () => keys.filter((key) => store.peek(key));
    const before = inMemory();
    for (const key of keys.slice(0, 30)) await store.get(key);
    const kept = inMemory().filter((key) => before.includes(key));
    assert.ok(before.length >= 5 && kept.length > 0, `${kept.length} of ${before.length} are left`);
  });

  it('never returns an entry after it was deleted, also if it was being written', async () => {
    const store = createEntryStore(NO_MEMORY, [packedTier()], SILENT);
    store.set('key', entryOf('{"data":1}'), TTL_MS);
    store.delete('key');
    assert.equal(await store.get('key'), undefined);
    store.set('key', entryOf('{"data":2}'), TTL_MS);
    await turn();
    store.delete('key');
    assert.equal(await store.get('key'), undefined);
    await turn();
    assert.equal(await store.get('key'), undefined);
  });

  it('does not let a read that a write has overtaken bring back the older entry', async () => {
    const tier = packedTier();
    const [older, newer] = [entryOf('{"data":"older"}'), entryOf('{"data":"newer"}')];
    createEntryStore(NO_MEMORY, [tier], SILENT).set('key', older, TTL_MS);
    const store = createEntryStore(1_000_000, [tier], SILENT);
    const overtaken = store.get('key');
    store.set('key', newer, TTL_MS);
    assert.equal(await overtaken, newer);
    assert.equal(store.peek('key'), newer);

    const other = createEntryStore(1_000_000, [tier], SILENT);
    const deleted = other.get('key');
    other.delete('key');
    assert.equal(await deleted, undefined);
    assert.equal(other.peek('key'), undefined);
  });

  it('counts the memory of both tiers, and each entry once', async () => {
    const store = createMemoryStore(1_000_000, SILENT);
    const text = `{"data":"${'x'.repeat(2_000)}"}`;
    for (let n = 0; n < 10; n++) store.set(`key ${n}`, entryOf(text), TTL_MS);
    await turn();
    const { bytes, entries } = store.usage();
    assert.equal(entries, 10);
    assert.ok(bytes > 2 * 10 * text.length && bytes < 5 * 10 * text.length, `${bytes}`);
  });
});
