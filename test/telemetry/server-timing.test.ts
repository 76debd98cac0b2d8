import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createToken, startEnvironment } from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { CAST } from '../support/fixture/cast.ts';

const HOME = '{ home { member { name } loans { title } } }';
const PUBLIC = '{ notices { title } }';
const ASKS = { 'graphql-timing': 'report' };

/** The entries of the header, by name. */
const entriesOf = (header: string | null): Record<string, string> =>
  Object.fromEntries(
    (header ?? '').split(', ').map((entry) => {
      const [name = '', ...parameters] = entry.split(';');
      return [name, parameters.join(';')];
    }),
  );

describe('Server-Timing', () => {
  it('has the phases, each upstream and the cache in every response in development', async () => {
    await using environment = await startEnvironment(library, {
      NODE_ENV: 'development',
      CACHE_MEMORY_MB: '16',
    });
    const executed = await environment.send(HOME, { as: CAST.reader });
    const entries = entriesOf(executed.headers.get('server-timing'));
    assert.deepEqual(Object.keys(entries), [
      'authenticate',
      'check-rate-limit',
      'admit',
      'resolve-operation',
      'prepare',
      'authorize-operation',
      'charge',
      'look-up',
      'execute',
      'upstream-member',
      'upstream-lending',
      'cache',
      'total',
    ]);
    assert.match(entries['upstream-lending'] ?? '', /^dur=\d+\.\d;desc="1 call"$/);
    assert.equal(entries.cache, 'desc="stored"');

    const hit = await environment.send(HOME, { as: CAST.reader });
    const { cache, execute } = entriesOf(hit.headers.get('server-timing'));
    assert.equal(cache, 'desc="hit"');
    assert.equal(execute, undefined);

    const refused = await environment.send('{ nothing }');
    assert.ok('resolve-operation' in entriesOf(refused.headers.get('server-timing')));
  });

  for (const [who, as, headers, isSent] of [
    ['staff who ask for it', 'staff', ASKS, true],
    ['staff who do not ask', 'staff', {}, false],
    ['customers who ask for it', CAST.reader, ASKS, false],
    ['anonymous clients who ask for it', 'anonymous', ASKS, false],
  ] as const) {
    it(`is ${isSent ? '' : 'not '}sent to ${who} outside of development`, async () => {
      await using environment = await startEnvironment(library);
      const response = await environment.send('{ __typename }', { as, headers });
      assert.equal(response.headers.has('server-timing'), isSent);
    });
  }

  it('is not in a response that shared caches store and send to others', async () => {
    await using environment = await startEnvironment(library, { CACHE_MEMORY_MB: '16' });
    const url = `${environment.endpoint}?query=${encodeURIComponent(PUBLIC)}`;
    const authorization = `Bearer ${await createToken('staff')}`;
    const response = await fetch(url, { headers: { ...ASKS, authorization } });
    await response.text();
    assert.match(response.headers.get('cache-control') ?? '', /^public/);
    assert.equal(response.headers.get('server-timing'), null);
  });
});
