import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { authorization, type Json } from '../support/environment.ts';
import { CAST } from '../support/fixture/cast.ts';
import { type LibraryEnvironment, startLibrary } from '../support/fixture/environment.ts';

const MEMBER = { query: '{ member(id: "42") { name } }' };
const TYPENAME = { query: '{ __typename }' };

describe('A batch of operations', () => {
  let environment: LibraryEnvironment;
  before(async () => {
    environment = await startLibrary({ BATCH_MAX_OPERATIONS: '3', CACHE_MEMORY_MB: '64' });
  });
  beforeEach(() => environment.reset());
  after(() => environment[Symbol.asyncDispose]());

  it('is refused unless it is allowed', async () => {
    await using other = await startLibrary();
    const { status, body } = await other.post([TYPENAME]);
    assert.deepEqual([status, body.errors[0].extensions.code], [400, 'BAD_REQUEST']);
    assert.equal(
      body.errors[0].message,
      'Send one operation per request; arrays of operations are not accepted.',
    );
  });

  it('is answered in its order, under the same rules, and never stored', async () => {
    const batch = [MEMBER, { query: '{ home { member { id } } }' }, TYPENAME];
    const { status, body, headers } = await environment.post(batch);
    assert.equal(status, 200);
    assert.deepEqual(body[0].data, { member: { name: 'Ada Castro' } });
    assert.equal(body[1].errors[0].extensions.code, 'UNAUTHENTICATED');
    assert.deepEqual(body[2], { data: { __typename: 'Query' } });
    assert.equal(headers.get('cache-control'), 'no-store');
  });

  it('executes its mutations in order', async () => {
    const rename = (name: string) => ({
      query: 'mutation ($name: String!) { renameMember(name: $name) { member { name } } }',
      variables: { name },
    });
    const batch = [rename('First'), rename('Second'), MEMBER];
    const { body } = await environment.post(batch, await authorization(CAST.reader));
    assert.deepEqual(
      body.map(({ data }: Json) => (data.renameMember ?? data).member.name),
      ['First', 'Second', 'Second'],
    );
  });

  it('has the limits of one operation for all members together', async () => {
    const long = await environment.post(Array(4).fill(TYPENAME));
    assert.equal(long.status, 400);
    const { exceeded, limit, actual, code } = long.body.errors[0].extensions;
    assert.deepEqual([exceeded, limit, actual, code], ['batch', 3, 4, 'QUERY_TOO_COMPLEX']);
    const aliases = Array.from(
      { length: 20 },
      (_, n) => `a${n}: home { loans(first: 50) { borrower { name } } }`,
    );
    const expensive = { query: `{ ${aliases.join(' ')} }` };
    assert.equal((await environment.post([expensive])).status, 200);
    const together = await environment.post([expensive, expensive, expensive]);
    assert.equal(together.body.errors[0].extensions.exceeded, 'cost');
    assert.deepEqual(environment.calls(), []);
  });

  it('is refused before anything executes if one member is invalid', async () => {
    for (const invalid of [{ query: '{' }, { query: '{ no }' }, {}, 1, null, [TYPENAME]]) {
      const { status } = await environment.post([MEMBER, invalid]);
      assert.equal(status, 400, JSON.stringify(invalid));
    }
    assert.equal((await environment.post([])).status, 400);
    assert.deepEqual(environment.calls(), []);
  });
});
