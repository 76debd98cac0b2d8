import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { authorization, startEnvironment } from '../support/environment.ts';

const BATCHES = { BATCH_MOST: '3' };
const PROFILE = '{ profile(id: "42") { name } }';
const GREETING = { query: '{ __typename }' };

test('arrays of operations are not taken unless they are allowed', async () => {
  await using environment = await startEnvironment(mobile);
  const { status, body } = await environment.post([GREETING]);
  assert.deepEqual([status, body.errors[0].extensions.code], [400, 'BAD_REQUEST']);
  assert.equal(
    body.errors[0].message,
    'Send one operation per request; arrays of operations are not accepted.',
  );
});

test('an array is answered in its order, under the same rights, and kept by nobody', async () => {
  await using environment = await startEnvironment(mobile, { ...BATCHES, CACHE_MEMORY_MB: '64' });
  const batch = [{ query: PROFILE }, { query: '{ dashboard { user { id } } }' }, GREETING];
  const { status, body, headers } = await environment.post(batch);
  assert.equal(status, 200);
  assert.deepEqual(body[0].data, { profile: { name: 'Amara Okafor' } });
  assert.equal(body[1].errors[0].extensions.code, 'UNAUTHENTICATED');
  assert.deepEqual(body[2], { data: { __typename: 'Query' } });
  assert.equal(headers.get('cache-control'), 'no-store');
});

test('what an array changes is changed in its order', async () => {
  await using environment = await startEnvironment(mobile, BATCHES);
  const rename = (name: string) => ({
    query: 'mutation ($name: String) { updateProfile(input: { name: $name }) { user { name } } }',
    variables: { name },
  });
  const batch = [rename('First'), rename('Second'), { query: PROFILE }];
  const { body } = await environment.post(batch, await authorization(CAST.customer));
  const names = body.map(({ data }: { data: Record<string, { name?: string; user?: object }> }) =>
    JSON.stringify(data),
  );
  assert.match(names[0], /First/);
  assert.match(names[1], /Second/);
  assert.match(names[2], /Second/);
});

test('an array is held together to what one operation may ask, and says by how much', async () => {
  await using environment = await startEnvironment(mobile, BATCHES);
  const long = await environment.post(Array(4).fill(GREETING));
  assert.equal(long.status, 400);
  const { exceeded, limit, actual, code } = long.body.errors[0].extensions;
  assert.deepEqual(
    { exceeded, limit, actual, code },
    {
      exceeded: 'batch',
      limit: 3,
      actual: 4,
      code: 'QUERY_TOO_COMPLEX',
    },
  );
  const aliases = Array.from(
    { length: 20 },
    (_, n) => `a${n}: dashboard { orders(first: 20) { items { sku } } }`,
  );
  const dear = { query: `{ ${aliases.join(' ')} }` };
  assert.equal((await environment.post([dear])).status, 200);
  const together = await environment.post([dear, dear, dear]);
  assert.equal(together.body.errors[0].extensions.exceeded, 'cost');
  assert.equal(environment.calls().length, 0);
});

test('one member that is refused is the refusal of all, before anything executes', async () => {
  await using environment = await startEnvironment(mobile, BATCHES);
  for (const wrong of [{ query: '{' }, { query: '{ no }' }, {}, 1, null, [GREETING]]) {
    const { status } = await environment.post([{ query: PROFILE }, wrong]);
    assert.equal(status, 400, JSON.stringify(wrong));
  }
  assert.equal((await environment.post([])).status, 400);
  assert.equal(environment.calls().length, 0);
});
