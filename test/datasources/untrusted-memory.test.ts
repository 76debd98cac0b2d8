import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CAST } from '../../services/support/cast.ts';
import { startChild } from './untrusted-child.ts';

const QUERY = '{ dashboard { orders { id } } }';
const ANSWERS = 20;
const MEGABYTE = 1_048_576;
/** Some of what was read of each before it was given up is garbage that is not collected yet. */
const MOST_BYTES = 120 * MEGABYTE;

it('untrusted answers one after the other, each of 64 MB or more, leave the memory small', async () => {
  await using child = await startChild();
  for (let times = 0; times < ANSWERS; times++) await child.ask(QUERY, CAST.customer);
  const { rss: before } = await child.tell();
  for (const body of ['oversized', 'endless', 'gzipBomb'] as const) {
    child.services.order.control.faults({ ordersByUsers: { body } });
    for (let times = 0; times < ANSWERS; times++) {
      const { body: answer } = await child.ask(QUERY, CAST.customer);
      assert.equal(answer.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE');
      const grown = (await child.tell()).rss - before;
      assert.ok(grown < MOST_BYTES, `${Math.round(grown / MEGABYTE)} MB more after ${body}`);
    }
  }
  assert.deepEqual(await child.end(), [0, null]);
});
