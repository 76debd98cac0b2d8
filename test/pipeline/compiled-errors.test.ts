import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { type Json, startEnvironment } from '../support/environment.ts';

const QUERY = `query($first: Int, $unreadOnly: Boolean) {
  viewer { notifications(first: $first, unreadOnly: $unreadOnly) { edges { cursor } } }
}`;

test('a field with two wrong arguments has one error, compiled or not', async () => {
  await using environment = await startEnvironment(web);
  const messages: string[][] = [];
  for (let asked = 0; asked < 3; asked++) {
    const variables = { first: null, unreadOnly: null };
    const { body } = await environment.send(QUERY, { as: CAST.customer, variables });
    messages.push(body.errors.map(({ message }: Json) => message));
  }
  assert.deepEqual(messages, Array(3).fill(['"first" must not be null.']));
});

test('an error has the location of its field if the operation is committed, and none otherwise', async () => {
  await using environment = await startEnvironment(web);
  const committed = await readFile(new URL('Home.graphql', web.operations), 'utf8');
  for (let asked = 0; asked < 3; asked++) {
    const locations = [committed, '{ viewer { id } }'].map(
      async (text) => (await environment.send(text)).body.errors[0].locations,
    );
    assert.deepEqual(await Promise.all(locations), [[{ line: 3, column: 3 }], undefined]);
  }
});
