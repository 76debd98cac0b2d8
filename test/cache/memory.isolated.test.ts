/*
 * The memory of the response cache. `npm test` counts the memory in use after garbage collection;
 * `npm run test:memory` (MEMORY=full) also stores 100,000 responses, reads them at random, and prints
 * the growth of the process (RSS) and the longest pause of garbage collection.
 */
import assert from 'node:assert/strict';
import { PerformanceObserver } from 'node:perf_hooks';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createCompressor } from '../../src/cache/compression.ts';
import { createMemoryStore } from '../../src/cache/create-response-cache.ts';
import { createEntry } from '../../src/cache/entry.ts';
import type { EntryStore } from '../../src/cache/store.ts';

const MEGABYTE = 1_048_576;
const SILENT = { warn() {} };
const TTL_MS = 60_000;
const BODY_BYTES = 2_600;
const MAX_BYTES_PER_ENTRY = 4.5 * 1_024;
const MAX_PAUSE_MS = 30;
/** The requests that arrive in one turn of the event loop, in the long form. */
const REQUESTS_PER_TURN = 20;
const isFull = process.env.MEMORY === 'full';

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

const keyOf = (user: number) => `mobile ${'x'.repeat(200)} https://issuer.example ${user}`;

/** Stores a private response of BODY_BYTES. */
function storePrivate(store: EntryStore, user: number): void {
  const item = `{"id":"${user}","status":"SHIPPED","total":{"amount":1200,"currency":"EUR"}},`;
  const body = `{"data":[${item.repeat(BODY_BYTES / item.length)}`.padEnd(BODY_BYTES, 'x');
  const entry = createEntry(body, {
    maxAge: 60,
    version: 0,
    scope: 'user',
    startedAt: performance.timeOrigin + performance.now(),
    tags: ['Query.dashboard', 'User', `User:${user}`, `orders:user=${user}`, `Order:${user}`],
  });
  store.set(keyOf(user), entry, TTL_MS);
}

describe('The memory of stored responses', () => {
  it('stays within its budget with all compressed variants', async () => {
    const budgetBytes = 8 * MEGABYTE;
    const count = 2_500;
    const store = createMemoryStore(budgetBytes, SILENT);
    const compressor = createCompressor();
    const before = await usedBytes();
    for (let n = 0; n < count; n++) {
      const text = `{"data":{"text":"${String(n).repeat(500)}"}}`;
      const tags = ['Query.text', `Text:${n}`, 'Text'];
      const entry = createEntry(text, {
        maxAge: 60,
        version: 0,
        scope: 'public',
        startedAt: 0,
        tags,
      });
      store.set(`key ${n}`, entry, TTL_MS);
      for (const coding of ['br', 'gzip']) {
        entry.variants.set(coding, await compressor.encode(entry, coding));
        store.resize(`key ${n}`, entry);
      }
    }
    const grown = (await usedBytes()) - before;
    assert.ok(store.peek(`key ${count - 1}`));
    assert.equal(store.peek('key 0'), undefined);
    assert.equal(await store.get('key 0'), undefined);
    assert.ok(store.usage().bytes <= budgetBytes);
    // Sizes are estimates, and code needs memory too.
    assert.ok(grown < 1.5 * budgetBytes, `${Math.round(grown / MEGABYTE)} MB`);
  });

  it('is at most 4.5 KiB for each private response of 2.6 kB', async () => {
    const count = 10_000;
    const store = createMemoryStore(64 * MEGABYTE, SILENT);
    const before = await usedBytes();
    for (let user = 0; user < count; user++) {
      storePrivate(store, user);
      await turn();
    }
    const bytes = ((await usedBytes()) - before) / count;
    assert.equal(store.usage().entries, count);
    assert.ok(bytes <= MAX_BYTES_PER_ENTRY, `${Math.round(bytes)} bytes`);
  });
});

describe('A process with 100,000 private responses', {
  skip: !isFull && 'MEMORY=full runs it',
}, () => {
  it('grows by at most 4.5 KiB for each, and garbage collection stops it for at most 30 ms', async (test) => {
    const count = 100_000;
    const pauses: number[] = [];
    const observer = new PerformanceObserver((list) =>
      pauses.push(...list.getEntries().map(({ duration }) => duration)),
    );
    // V8 takes some of the memory for any work, whether its results are stored or not.
    const warmUp = createMemoryStore(MEGABYTE, SILENT);
    for (let user = 0; user < count / 10; user++) storePrivate(warmUp, user);
    await usedBytes();
    observer.observe({ entryTypes: ['gc'] });
    const before = process.memoryUsage.rss();
    const store = createMemoryStore(400 * MEGABYTE, SILENT);
    for (let user = 0; user < count; user++) {
      storePrivate(store, user);
      if (user % REQUESTS_PER_TURN === 0) await turn();
    }
    let hits = 0;
    for (let n = 0; n < count; n++) {
      if (await store.get(keyOf(Math.floor(Math.random() * count)))) hits += 1;
      if (n % REQUESTS_PER_TURN === 0) await turn();
    }
    const bytes = (process.memoryUsage.rss() - before) / count;
    await turn();
    observer.disconnect();
    const longest = Math.max(...pauses);
    test.diagnostic(`${(bytes / 1_024).toFixed(2)} KiB for each response, ${hits} hits`);
    test.diagnostic(`longest pause of ${pauses.length}: ${longest.toFixed(1)} ms`);
    assert.ok(hits > 0.999 * count);
    assert.ok(bytes <= MAX_BYTES_PER_ENTRY, `${Math.round(bytes)} bytes`);
    assert.ok(longest <= MAX_PAUSE_MS, `${longest.toFixed(1)} ms`);
  });
});
