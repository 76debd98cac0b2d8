import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BFFS } from '../attack/bffs.ts';
import { committedOf } from '../support/committed.ts';
import { startEnvironment } from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { startLibrary } from '../support/fixture/environment.ts';

const REPORT = { 'graphql-cost': 'report' };

describe('The cost of an operation', () => {
  it('is reported to requests that ask for it, and to no others', async () => {
    await using environment = await startLibrary({ CACHE_MEMORY_MB: '64' });
    for (const headers of [{}, REPORT, {}, REPORT]) {
      const { body } = await environment.send('{ member(id: "42") { name } }', { headers });
      const cost = { requested: 1, limit: library.limits.cost };
      assert.deepEqual(body.extensions, headers === REPORT ? { cost } : undefined);
      assert.equal(body.data.member.name, 'Ada Castro');
    }
  });

  it('above the limit refuses it before it executes, with both numbers', async () => {
    await using environment = await startLibrary();
    const query = `query ($n: Int!) {
      recentLoans(first: $n) { borrower { loans(first: $n) { edges { node { borrower { name } } } } } }
    }`;
    const send = (n: number) => environment.send(query, { as: 'staff', variables: { n } });
    const { status, body } = await send(50);
    assert.equal(status, 400);
    const { code, exceeded, limit, actual } = body.errors[0].extensions;
    assert.deepEqual([code, exceeded, limit], ['QUERY_TOO_COMPLEX', 'cost', library.limits.cost]);
    assert.equal(actual, 50 * (1 + 1 + (1 + 50 * (1 + 1 + 1))));
    assert.deepEqual(environment.calls(), []);
    assert.equal((await send(2)).status, 200);
  });
});

for (const bff of BFFS) {
  describe(`The cost of a committed operation of ${bff.name}`, () => {
    it('is below a fifth of the limit', async () => {
      await using environment = await startEnvironment(bff);
      for (const { source, name } of committedOf(bff).requests) {
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
  });
}
