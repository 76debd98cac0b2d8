import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTextStore } from '../../src/cache/store.ts';

describe('the text store', () => {
  it('forgets what was used longest ago when it is full', async () => {
    const store = createTextStore(1_000);
    for (let n = 0; n < 100; n++) await store.set(`key-${n}`, 'x'.repeat(90), 60_000);
    assert.equal(await store.get('key-0'), undefined);
    assert.equal(await store.get('key-99'), 'x'.repeat(90));
  });
});
