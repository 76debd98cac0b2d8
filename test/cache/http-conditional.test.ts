import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { authorization, startWorld, type World } from '../support/world.ts';

const CACHED = { CACHE_MEMORY_MB: '64' };
const PROFILE = '{ profile(id: "42") { id name } }';
/** Long enough to be compressed. */
const LONG = '{ announcements { id title body publishedAt } }';
const MINE = { web: '{ viewer { user { id } } }', mobile: '{ dashboard { user { id } } }' };

type Headers = Record<string, string>;

/** Without a Cache-Control of its own, fetch adds `no-cache` to a request with If-None-Match. */
const REUSES: Headers = { 'cache-control': 'max-age=60' };

const send = ({ endpoint }: World, method: string, query: string, headers: Headers = {}) =>
  fetch(`${endpoint}?${new URLSearchParams({ query })}`, {
    method,
    headers: { ...REUSES, ...headers },
  });

const etagOf = async (world: World, query: string, headers: Headers = {}) =>
  (await send(world, 'GET', query, headers)).headers.get('etag') ?? '';

/** What differs from one answer or connection to the next. */
const PASSING = ['age', 'cache-status', 'connection', 'date', 'keep-alive', 'x-request-id'];

const lasting = ({ headers }: Response) =>
  [...headers].filter(([name]) => !PASSING.includes(name)).sort();

const KNOWN: Readonly<Record<string, (etag: string) => string>> = {
  'the tag': (etag) => etag,
  'the tag as a weak one': (etag) => `W/${etag}`,
  'a list with it': (etag) => `"other", ${etag}`,
  'a list with it as a weak one, without blanks': (etag) => `W/"other",W/${etag},"more"`,
  'anything at all': () => '*',
  'blanks around it': (etag) => `  ${etag} `,
};

const UNKNOWN: Readonly<Record<string, (etag: string) => string>> = {
  'another tag': () => '"other"',
  'the tag without quotes': (etag) => etag.replaceAll('"', ''),
  'the tag in other letters': (etag) => etag.toLowerCase(),
  'a part of the tag': (etag) => `${etag.slice(0, -2)}"`,
  'a tag that holds it': (etag) => `"x${etag.slice(1)}`,
  'a star in quotes': () => '"*"',
  nothing: () => '',
  'a very long list': () => '"x",'.repeat(2_000),
};

for (const bff of [web, mobile]) {
  test(`${bff.name}: who has the bytes already is not sent them again, over GET and HEAD`, async () => {
    await using world = await startWorld(bff, CACHED);
    const whole = await send(world, 'GET', PROFILE);
    const etag = whole.headers.get('etag') ?? '';
    assert.match(etag, /^"[\w-]{22}"$/);
    for (const method of ['GET', 'HEAD']) {
      for (const [what, ifNoneMatch] of Object.entries(KNOWN)) {
        const answer = await send(world, method, PROFILE, { 'if-none-match': ifNoneMatch(etag) });
        assert.equal(answer.status, 304, `${method} ${what}`);
        assert.equal(await answer.text(), '', `${method} ${what}`);
        // RFC 9110 §15.4.5
        for (const name of ['etag', 'cache-control', 'vary']) {
          assert.equal(answer.headers.get(name), whole.headers.get(name), `${method} ${what}`);
        }
      }
      for (const [what, ifNoneMatch] of Object.entries(UNKNOWN)) {
        const answer = await send(world, method, PROFILE, { 'if-none-match': ifNoneMatch(etag) });
        assert.equal(answer.status, 200, `${method} ${what}`);
        await answer.text();
      }
    }
  });

  test(`${bff.name}: the first to ask is told as well that the bytes are known`, async () => {
    await using one = await startWorld(bff, CACHED);
    await using another = await startWorld(bff, CACHED);
    const etag = await etagOf(one, PROFILE);
    const answer = await send(another, 'GET', PROFILE, { 'if-none-match': etag });
    assert.equal(answer.status, 304);
    assert.equal(answer.headers.get('cache-status'), 'frontdesk; fwd=uri-miss; stored');
  });

  test(`${bff.name}: each content coding has a tag of its own, which is good for it alone`, async () => {
    await using world = await startWorld(bff, CACHED);
    const codings = ['identity', 'gzip', 'br'];
    const etags = await Promise.all(
      codings.map((coding) => etagOf(world, LONG, { 'accept-encoding': coding })),
    );
    assert.equal(new Set(etags).size, codings.length);
    for (const [a, coding] of codings.entries()) {
      for (const [b, etag] of etags.entries()) {
        const headers = { 'accept-encoding': coding, 'if-none-match': `W/${etag}` };
        const answer = await send(world, 'GET', LONG, headers);
        assert.equal(answer.status, a === b ? 304 : 200, `${coding} ${etag}`);
        await answer.text();
      }
    }
  });

  test(`${bff.name}: HEAD has the headers of GET and no body, stored or not`, async () => {
    await using world = await startWorld(bff, CACHED);
    const cases: [query: string, headers: Headers][] = [
      [PROFILE, {}],
      [LONG, { 'accept-encoding': 'br' }],
      [LONG, { 'accept-encoding': 'gzip', accept: 'application/graphql-response+json' }],
      [MINE[bff.name as keyof typeof MINE], await authorization('42')],
      ['{ profile(id: "99999") { id } }', {}],
      ['{ nothing }', {}],
      ['mutation { __typename }', {}],
      [PROFILE, { accept: 'image/png' }],
    ];
    for (const [query, headers] of cases) {
      const firstHead = await send(world, 'HEAD', query, headers);
      const get = await send(world, 'GET', query, headers);
      const head = await send(world, 'HEAD', query, headers);
      assert.equal(await firstHead.text(), '', query);
      assert.equal(await head.text(), '', query);
      assert.notEqual(await get.text(), '', query);
      for (const { status } of [firstHead, head]) assert.equal(status, get.status, query);
      // An error holds its request's id, whose length is always the same.
      assert.deepEqual(lasting(head), lasting(get), query);
      assert.deepEqual(lasting(firstHead), lasting(get), query);
    }
  });

  test(`${bff.name}: what is asked with HEAD is stored for those who come with GET`, async () => {
    await using world = await startWorld(bff, CACHED);
    const head = await send(world, 'HEAD', PROFILE);
    assert.equal(head.headers.get('cache-status'), 'frontdesk; fwd=uri-miss; stored');
    const get = await send(world, 'GET', PROFILE);
    assert.match(get.headers.get('cache-status') ?? '', /; hit;/);
    assert.equal(get.headers.get('etag'), head.headers.get('etag'));
  });

  test(`${bff.name}: a POST has no tag, and is answered whole whatever the client has`, async () => {
    await using world = await startWorld(bff, CACHED);
    const etag = await etagOf(world, PROFILE);
    for (const ifNoneMatch of [etag, '*']) {
      const answer = await world.ask(PROFILE, { headers: { 'if-none-match': ifNoneMatch } });
      assert.equal(answer.status, 200);
      assert.equal(answer.body.data.profile.id, '42');
      assert.equal(answer.headers.get('etag'), null);
    }
  });

  test(`${bff.name}: what is not kept is answered whole whatever the client has`, async () => {
    await using world = await startWorld(bff, CACHED);
    for (const query of ['{ profile(id: "99999") { id } }', '{ nothing }', '{ __typename }']) {
      const answer = await send(world, 'GET', query, { 'if-none-match': '*' });
      assert.notEqual(answer.status, 304, query);
      assert.equal(answer.headers.get('etag'), null, query);
      assert.notEqual(await answer.text(), '', query);
    }
  });

  test(`${bff.name}: the tag changes with the answer, and not with the viewer`, async () => {
    await using world = await startWorld(bff, CACHED);
    const etag = await etagOf(world, PROFILE);
    assert.equal(await etagOf(world, PROFILE, await authorization('staff')), etag);
    const rename = 'mutation { updateProfile(input: { name: "Someone Else" }) { user { name } } }';
    const { body } = await world.ask(rename, { as: '42' });
    assert.equal(body.data.updateProfile.user.name, 'Someone Else');
    const renamed = await send(world, 'GET', PROFILE, { 'if-none-match': etag });
    assert.equal(renamed.status, 200);
    assert.match(await renamed.text(), /Someone Else/);
  });
}
