import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CAST } from '../../services/support/cast.ts';
import { type Child, startChild } from './untrusted-child.ts';

const ANSWERS = 20;
const MEGABYTE = 1_048_576;
const MOST_BYTES = 50 * MEGABYTE;
const BODIES = ['oversized', 'endless', 'gzipBomb'] as const;

it('untrusted answers of 64 MB or more, one after the other and many at once, leave the memory small', async () => {
  await using child = await startChild();
  // What a process needs for many requests at once is no fault's.
  for (let times = 0; times < ANSWERS; times++) await askAtOnce(child, undefined);
  const { rss: before } = await child.tell();
  for (const body of BODIES) {
    child.services.order.control.faults({ ordersByUsers: { body } });
    for (let times = 0; times < ANSWERS; times++) await ask(child, 1, 'UPSTREAM_UNAVAILABLE');
    await askAtOnce(child, 'UPSTREAM_UNAVAILABLE');
    const grown = (await child.tell()).rss - before;
    assert.ok(grown < MOST_BYTES, `${Math.round(grown / MEGABYTE)} MB more after ${body}`);
  }
  assert.deepEqual(await child.end(), [0, null]);
});

/** Lists of different lengths share no call. */
const askAtOnce = (child: Child, code: string | undefined) =>
  Promise.all(Array.from({ length: ANSWERS }, (_, n) => ask(child, n + 1, code)));

async function ask(child: Child, first: number, code: string | undefined) {
  const query = `{ dashboard { orders(first: ${first}) { id } } }`;
  const { body } = await child.ask(query, CAST.customer);
  assert.equal(body.errors?.[0].extensions.code, code);
}
