import assert from 'node:assert/strict';
import type { World } from '../support/world.ts';
import { ask, type Copies, type Copy, hitsAmong, howOf } from './invalidation-desk.ts';

// Changes of which nobody learns whether they were made.

export const UNKNOWN = 'It is not known whether this was done: look before you repeat it.';

/** Makes a change of which it is not known whether it was made. */
export async function lose(world: World, change: Copy): Promise<void> {
  const { body } = await ask(world, { ...change, headers: { 'x-request-timeout-ms': '1000' } });
  assert.deepEqual(
    body.errors.map(({ message }: Error) => message),
    [UNKNOWN],
  );
}

/** Sees that none of these is kept, however often it is asked for, and that all are true. */
export async function seeUnkept(world: World, copies: Copies): Promise<void> {
  for (let time = 0; time < 2; time++) assert.deepEqual(await hitsAmong(world, copies), []);
  for (const [name, copy] of Object.entries(copies)) {
    const answer = await ask(world, copy);
    assert.equal(howOf(answer), 'not kept', name);
    assert.equal(answer.headers.get('cache-control'), 'no-store', name);
  }
}
