import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { library } from '../support/fixture/bff.ts';
import {
  EDGES,
  get,
  outcomeOf,
  send,
  sendAll,
  signIn,
  ttlOf,
  whenProcessed,
} from './environment.ts';
import { type GatedLibrary, LIBRARIAN, OTHER_READER, READER } from './queries.ts';
import { fakeClock, shareGated } from './shared-environment.ts';

/** The schema's hint for `member`, in seconds. */
const SCHEMA_MAX_AGE = 300;
const MANY = /^\/members\?ids=/;

/** The max-age for downstream shared caches, in seconds; undefined if they must not store the answer. */
async function sharedMaxAge(environment: GatedLibrary, query: string): Promise<number | undefined> {
  const response = await get(environment, query);
  const { errors } = (await response.json()) as { errors?: unknown };
  assert.equal(errors, undefined);
  const [, seconds] = /s-maxage=(\d+)/.exec(response.headers.get('cache-control') ?? '') ?? [];
  const [, cdnSeconds] =
    /max-age=(\d+)/.exec(response.headers.get('cdn-cache-control') ?? '') ?? [];
  assert.equal(cdnSeconds, seconds);
  return seconds === undefined ? undefined : Number(seconds);
}

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toUTCString();

describe('Freshness of an answer', () => {
  const environment = shareGated(library, EDGES);
  let id = 100;

  const cases: readonly (readonly [string, () => Record<string, string>, number | undefined])[] = [
    ['no response header: the schema’s maxAge', () => ({}), SCHEMA_MAX_AGE],
    ['max-age', () => ({ 'cache-control': 'max-age=60' }), 60],
    ['a max-age above the schema’s', () => ({ 'cache-control': 'max-age=3600' }), SCHEMA_MAX_AGE],
    ['a max-age of 0', () => ({ 'cache-control': 'max-age=0' }), undefined],
    ['an invalid max-age', () => ({ 'cache-control': 'max-age=soon' }), undefined],
    [
      'an s-maxage and a larger max-age',
      () => ({ 'cache-control': 'max-age=60, s-maxage=30' }),
      30,
    ],
    [
      'an s-maxage and a smaller max-age',
      () => ({ 'cache-control': 's-maxage=60, max-age=5' }),
      60,
    ],
    ['a max-age and an Age below it', () => ({ 'cache-control': 'max-age=60', age: '50' }), 10],
    [
      'a max-age and an Age above it',
      () => ({ 'cache-control': 'max-age=60', age: '61' }),
      undefined,
    ],
    ['no-store', () => ({ 'cache-control': 'no-store, max-age=60' }), undefined],
    ['no-cache', () => ({ 'cache-control': 'no-cache, max-age=60' }), undefined],
    ['Pragma: no-cache', () => ({ pragma: 'no-cache' }), undefined],
    ['private', () => ({ 'cache-control': 'private, max-age=60' }), undefined],
    ['Expires', () => ({ date: inSeconds(0), expires: inSeconds(40) }), 40],
    ['an Expires in the past', () => ({ expires: inSeconds(-1) }), undefined],
    ['an invalid Expires', () => ({ expires: '0' }), undefined],
    [
      'a max-age and a later Expires',
      () => ({ 'cache-control': 'max-age=20', expires: inSeconds(200) }),
      20,
    ],
    ['public alone', () => ({ 'cache-control': 'public' }), undefined],
    [
      'a max-age and stale-while-revalidate',
      () => ({ 'cache-control': 'max-age=20, stale-while-revalidate=200' }),
      20,
    ],
    [
      'a max-age and stale-if-error',
      () => ({ 'cache-control': 'max-age=20, stale-if-error=86400' }),
      20,
    ],
    [
      'an expired max-age and stale-if-error',
      () => ({ 'cache-control': 'max-age=20, stale-if-error=86400', age: '30' }),
      undefined,
    ],
  ];
  for (const [label, headers, expected] of cases) {
    it(`is ${expected ?? 'none'} with ${label}`, async () => {
      environment.gates.member.setHeaders((path) => (MANY.test(path) ? headers() : {}));
      const query = `{ member(id: "${id++}") { name } }`;
      const seconds = await sharedMaxAge(environment, query);
      const outcome = outcomeOf(await environment.send(query));
      if (expected === undefined) {
        assert.equal(seconds, undefined);
        assert.equal(outcome, 'not stored');
      } else {
        // A second may have passed since the execution began.
        assert.ok(seconds === expected || seconds === expected - 1, `${seconds} s`);
        assert.equal(outcome, 'hit');
      }
    });
  }
});

describe('Answer with several upstream responses', () => {
  const environment = shareGated(library, EDGES);
  const BOTH = `{ notices { title } member(id: "${READER}") { name } }`;

  it('is fresh for as long as all of them are', async () => {
    environment.gates.member.setHeaders(() => ({ 'cache-control': 'max-age=20' }));
    environment.gates.lending.setHeaders(() => ({ 'cache-control': 'max-age=40' }));
    const seconds = await sharedMaxAge(environment, BOTH);
    assert.ok(seconds === 20 || seconds === 19);
  });

  it('is not stored if one of them must not be stored', async () => {
    environment.gates.lending.setHeaders(() => ({ 'cache-control': 'no-store' }));
    assert.equal(await sharedMaxAge(environment, BOTH), undefined);
    assert.equal(outcomeOf(await environment.send(BOTH)), 'not stored');
  });

  it('is not stored if the first of them expires before the last arrives', async (context) => {
    environment.gates.member.setHeaders(() => ({ 'cache-control': 'max-age=2' }));
    const slow = environment.gates.lending.hold(/^\/notices/);
    const pass = fakeClock(context);
    const answer = environment.send(BOTH);
    await slow.reaches(1);
    await environment.gates.member.hasSent(MANY);
    await whenProcessed(environment);
    pass(2.1);
    slow.release();
    assert.equal(outcomeOf(await answer), 'not stored');
  });

  it('is stored for one viewer as long as a private response is fresh', async () => {
    environment.gates.lending.setHeaders(() => ({ 'cache-control': 'private, max-age=10' }));
    const query = {
      query: '{ home { loans { id } } }',
      headers: await signIn(environment, READER),
    };
    assert.equal(outcomeOf(await send(environment, query)), 'stored');
    const again = await send(environment, query);
    assert.ok(ttlOf(again) < 10);
    assert.equal(outcomeOf(await environment.send(query.query, { as: OTHER_READER })), 'stored');
  });
});

describe('Cache-Control of a response that several requests share', () => {
  const environment = shareGated(library, EDGES);

  it('applies to all of them', async () => {
    environment.gates.member.setHeaders((path) =>
      MANY.test(path) ? { 'cache-control': 'no-store' } : {},
    );
    const cards = [1, 2, 3].map((id) => ({ query: `{ member(id: "${id}") { name } }` }));
    const { answers } = await sendAll(environment, ...cards);
    assert.deepEqual((await answers).map(outcomeOf), Array(3).fill('not stored'));
    for (const { query } of cards)
      assert.equal(outcomeOf(await environment.send(query)), 'not stored');
  });

  it('applies to a request that joined the call in flight', async () => {
    environment.gates.lending.setHeaders(() => ({ 'cache-control': 'no-store' }));
    const held = environment.gates.lending.hold(/^\/notices/);
    const first = await sendAll(environment, { query: '{ notices { title } }' });
    await held.reaches(1);
    const second = await sendAll(environment, { query: '{ notices { body } }' });
    held.release();
    const all = [...(await first.answers), ...(await second.answers)];
    assert.deepEqual(all.map(outcomeOf), ['not stored', 'not stored']);
    assert.equal(held.count(), 1);
  });
});

describe('Schema maxAge', () => {
  const environment = shareGated(library, EDGES);
  const maxAges: Readonly<Record<string, number>> = {
    '{ notices { title } }': 60,
    [`{ member(id: "${READER}") { name } }`]: 300,
    [`{ notices { title } member(id: "${READER}") { name } }`]: 60,
    '{ viewer { loans { edges { node { id } } } } }': 30,
    '{ viewer { activeCount } notices { title } }': 30,
    [LIBRARIAN['staff: recent loans']?.query ?? '']: 10,
    [LIBRARIAN['staff: members']?.query ?? '']: 30,
  };

  it('is never exceeded, whatever the services send', async () => {
    for (const gate of Object.values(environment.gates)) {
      gate.setHeaders(() => ({ 'cache-control': 'max-age=86400' }));
    }
    const headers = await signIn(environment, 'staff');
    for (const [query, seconds] of Object.entries(maxAges)) {
      assert.equal(outcomeOf(await environment.send(query, { headers })), 'stored', query);
      const ttl = ttlOf(await environment.send(query, { headers }));
      assert.ok(ttl < seconds, `${query}: ${ttl}`);
    }
  });
});
