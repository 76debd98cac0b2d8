import assert from 'node:assert/strict';
import { test } from 'node:test';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { type Json, startWorld } from '../support/world.ts';

const QUERY = `query($first: Int, $unreadOnly: Boolean) {
  viewer { notifications(first: $first, unreadOnly: $unreadOnly) { edges { cursor } } }
}`;

test('a field with two wrong arguments has one error, compiled or not', async () => {
  await using world = await startWorld(web);
  const messages: string[][] = [];
  for (let asked = 0; asked < 3; asked++) {
    const variables = { first: null, unreadOnly: null };
    const { body } = await world.ask(QUERY, { as: CAST.customer, variables });
    messages.push(body.errors.map(({ message }: Json) => message));
  }
  assert.deepEqual(messages, Array(3).fill(['"first" must not be null.']));
});
