import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import pino from 'pino';
import { createCompressor } from '../../src/cache/compression.ts';
import { createEntry } from '../../src/cache/entry.ts';
import { createEntryStore, createTextStore } from '../../src/cache/store.ts';

const MEGABYTE = 1_048_576;
const BUDGET_BYTES = 4 * MEGABYTE;
const ENTRIES = 2_500;
/** The budgets of both tiers and as much as half of that: sizes are estimates, and code needs memory too. */
const MAX_GROWTH_BYTES = 3 * BUDGET_BYTES;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Memory in use after garbage collection, in bytes; buffers are freed in the turns after it. */
async function usedBytes(): Promise<number> {
  for (let times = 0; times < 5; times++) {
    collect();
    await turn();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

describe('Entry store', () => {
  it('stays within its memory budget with all compressed variants', async () => {
    const store = createEntryStore(
      BUDGET_BYTES,
      createTextStore(BUDGET_BYTES),
      pino({ level: 'silent' }),
    );
    const variants = createCompressor();
    const before = await usedBytes();
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
      store.set(`key ${n}`, entry, 60_000);
      for (const coding of ['br', 'gzip']) {
        entry.variants.set(coding, await variants.encode(entry, coding));
        store.resize(`key ${n}`, entry);
      }
    }
    const grown = (await usedBytes()) - before;
    assert.ok(store.peek(`key ${ENTRIES - 1}`));
    assert.equal(store.peek('key 0'), undefined);
    assert.ok(grown < MAX_GROWTH_BYTES, `${Math.round(grown / MEGABYTE)} MB`);
  });
});
