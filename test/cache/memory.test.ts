import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createEntry } from '../../src/cache/entry.ts';
import { createEntryStore, createTextStore } from '../../src/cache/store.ts';
import { createCompressor } from '../../src/cache/variants.ts';

const MEGABYTE = 1_048_576;
const BUDGET = 8 * MEGABYTE;
const ENTRIES = 5_000;
/** Half as much again as both tiers may take: sizes are reckoned, and code takes memory as well. */
const MOST_BYTES = 3 * BUDGET;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What is held; buffers are given back in the turns after their collection. */
async function used(): Promise<number> {
  for (let times = 0; times < 5; times++) {
    collect();
    await turn();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

it('kept answers take the memory that they may take, with all their compressed forms', async () => {
  const store = createEntryStore(BUDGET, createTextStore(BUDGET));
  const variants = createCompressor();
  const before = await used();
  for (let n = 0; n < ENTRIES; n++) {
    const text = `{"data":{"text":"${String(n).repeat(500)}"}}`;
    const tags = ['Query.text', `Text:${n}`, 'Text'];
    const entry = createEntry(text, {
      maxAge: 60,
      version: 0,
      scope: 'public',
      startedAt: 0,
      tags,
    });
    await store.set(`key ${n}`, entry, 60_000);
    for (const coding of ['br', 'gzip']) {
      entry.variants.set(coding, await variants.encode(entry, coding));
      store.resize(`key ${n}`, entry);
    }
  }
  const grown = (await used()) - before;
  assert.ok(store.peek(`key ${ENTRIES - 1}`));
  assert.equal(store.peek('key 0'), undefined);
  assert.ok(grown < MOST_BYTES, `${Math.round(grown / MEGABYTE)} MB`);
});
