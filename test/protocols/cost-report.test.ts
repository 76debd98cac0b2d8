import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { loadCommittedOperations } from '../../src/operations/index.ts';
import { buildSchema } from '../../src/server/build-schema.ts';
import { startEnvironment } from '../support/environment.ts';

const CACHED = { CACHE_MEMORY_MB: '64' };
const REPORT = { 'graphql-cost': 'report' };
const QUERY = '{ profile(id: "42") { name } }';

test('an answer says what it cost to whoever asks, and to nobody else', async () => {
  await using environment = await startEnvironment(web, CACHED);
  for (const headers of [{}, REPORT, {}, REPORT]) {
    const { body } = await environment.send(QUERY, { headers });
    const cost = { requested: 1, limit: web.limits.cost };
    assert.deepEqual(body.extensions, headers === REPORT ? { cost } : undefined);
    assert.equal(body.data.profile.name, 'Amara Okafor');
  }
});

test('what costs too much is refused before it executes, with the numbers', async () => {
  await using environment = await startEnvironment(web);
  const query =
    'query ($n: Int!) { recentOrders(first: $n) { customer { orders(first: $n) { edges { node { items { sku } } } } } } }';
  const { status, body } = await environment.send(query, { as: 'staff', variables: { n: 50 } });
  assert.equal(status, 400);
  const { code, exceeded, limit, actual } = body.errors[0].extensions;
  assert.deepEqual([code, exceeded, limit], ['QUERY_TOO_COMPLEX', 'cost', web.limits.cost]);
  assert.equal(actual, 50 * (1 + 1 + (1 + 50 * (1 + 1 + 5))));
  assert.equal(environment.calls().length, 0);
  assert.equal((await environment.send(query, { as: 'staff', variables: { n: 2 } })).status, 200);
});

for (const bff of [web, mobile]) {
  test(`${bff.name}: no committed operation comes near a limit, whatever its variables`, async () => {
    await using environment = await startEnvironment(bff);
    for (const { source, name } of loadCommittedOperations(bff.operations, buildSchema(bff))) {
      const { body } = await environment.send(source, {
        headers: REPORT,
        variables: { first: 20, id: '1', ids: ['1'] },
      });
      const [{ extensions = {} } = {}] = body.errors ?? [];
      assert.notEqual(extensions.code, 'QUERY_TOO_COMPLEX', name);
      const cost = body.extensions?.cost.requested ?? 0;
      assert.ok(cost < bff.limits.cost / 5, `${name} costs ${cost}`);
    }
  });
}
