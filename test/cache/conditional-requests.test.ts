import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AnyEnvironment, authorization } from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { urlOf } from './environment.ts';
import { clearCache, shareCached } from './shared-environment.ts';

const MEMBER = '{ member(id: "42") { id name } }';
/** Long enough to be compressed. */
const LONG = '{ notices { id title body publishedAt } }';
const PRIVATE = '{ viewer { member { id } } }';

type Headers = Record<string, string>;

/** Without a Cache-Control of its own, fetch adds `no-cache` to a request with If-None-Match. */
const REUSES: Headers = { 'cache-control': 'max-age=60' };

const send = (environment: AnyEnvironment, method: string, query: string, headers: Headers = {}) =>
  fetch(urlOf(environment, query), {
    method,
    headers: { ...REUSES, ...headers },
  });

const etagOf = async (environment: AnyEnvironment, query: string, headers: Headers = {}) =>
  (await send(environment, 'GET', query, headers)).headers.get('etag') ?? '';

/** Headers that differ from one answer or connection to the next. */
const VARYING = ['age', 'cache-status', 'connection', 'date', 'keep-alive', 'x-request-id'];

const constantHeaders = ({ headers }: Response) =>
  [...headers].filter(([name]) => !VARYING.includes(name)).sort();

const MATCHING: Readonly<Record<string, (etag: string) => string>> = {
  'the tag': (etag) => etag,
  'the tag as a weak one': (etag) => `W/${etag}`,
  'a list with it': (etag) => `"other", ${etag}`,
  'a list with it as a weak one, without blanks': (etag) => `W/"other",W/${etag},"more"`,
  'anything at all': () => '*',
  'blanks around it': (etag) => `  ${etag} `,
};

const NOT_MATCHING: Readonly<Record<string, (etag: string) => string>> = {
  'another tag': () => '"other"',
  'the tag without quotes': (etag) => etag.replaceAll('"', ''),
  'the tag in other letters': (etag) => etag.toLowerCase(),
  'a part of the tag': (etag) => `${etag.slice(0, -2)}"`,
  'a tag that holds it': (etag) => `"x${etag.slice(1)}`,
  'a star in quotes': () => '"*"',
  nothing: () => '',
  'a very long list': () => '"x",'.repeat(2_000),
};

describe('Conditional request', () => {
  const environment = shareCached(library);

  it('gets 304 without a body for a matching If-None-Match, over GET and HEAD', async () => {
    const whole = await send(environment, 'GET', MEMBER);
    const etag = whole.headers.get('etag') ?? '';
    assert.match(etag, /^"[\w-]{22}"$/);
    for (const method of ['GET', 'HEAD']) {
      for (const [label, ifNoneMatch] of Object.entries(MATCHING)) {
        const answer = await send(environment, method, MEMBER, {
          'if-none-match': ifNoneMatch(etag),
        });
        assert.equal(answer.status, 304, `${method} ${label}`);
        assert.equal(await answer.text(), '', `${method} ${label}`);
        // RFC 9110 §15.4.5
        for (const name of ['etag', 'cache-control', 'vary']) {
          assert.equal(answer.headers.get(name), whole.headers.get(name), `${method} ${label}`);
        }
      }
      for (const [label, ifNoneMatch] of Object.entries(NOT_MATCHING)) {
        const answer = await send(environment, method, MEMBER, {
          'if-none-match': ifNoneMatch(etag),
        });
        assert.equal(answer.status, 200, `${method} ${label}`);
        await answer.text();
      }
    }
  });

  it('gets 304 also for an answer that it has just stored', async () => {
    const etag = await etagOf(environment, MEMBER);
    await clearCache(environment, library);
    const answer = await send(environment, 'GET', MEMBER, { 'if-none-match': etag });
    assert.equal(answer.status, 304);
    assert.equal(answer.headers.get('cache-status'), 'frontdesk; fwd=uri-miss; stored');
  });

  it('matches only the ETag of the same content coding', async () => {
    const codings = ['identity', 'gzip', 'br'];
    const etags = await Promise.all(
      codings.map((coding) => etagOf(environment, LONG, { 'accept-encoding': coding })),
    );
    assert.equal(new Set(etags).size, codings.length);
    for (const [a, coding] of codings.entries()) {
      for (const [b, etag] of etags.entries()) {
        const headers = { 'accept-encoding': coding, 'if-none-match': `W/${etag}` };
        const answer = await send(environment, 'GET', LONG, headers);
        assert.equal(answer.status, a === b ? 304 : 200, `${coding} ${etag}`);
        await answer.text();
      }
    }
  });

  it('over HEAD gets the headers of GET and no body, for misses, hits and errors', async () => {
    const cases: [query: string, headers: Headers][] = [
      [MEMBER, {}],
      [LONG, { 'accept-encoding': 'br' }],
      [LONG, { 'accept-encoding': 'gzip', accept: 'application/graphql-response+json' }],
      [PRIVATE, await authorization('42')],
      ['{ member(id: "99999") { id } }', {}],
      ['{ nothing }', {}],
      ['mutation { __typename }', {}],
      [MEMBER, { accept: 'image/png' }],
    ];
    for (const [query, headers] of cases) {
      const firstHead = await send(environment, 'HEAD', query, headers);
      const get = await send(environment, 'GET', query, headers);
      const head = await send(environment, 'HEAD', query, headers);
      assert.equal(await firstHead.text(), '', query);
      assert.equal(await head.text(), '', query);
      assert.notEqual(await get.text(), '', query);
      for (const { status } of [firstHead, head]) assert.equal(status, get.status, query);
      // An error contains its request's id, whose length is constant.
      assert.deepEqual(constantHeaders(head), constantHeaders(get), query);
      assert.deepEqual(constantHeaders(firstHead), constantHeaders(get), query);
    }
  });

  it('over HEAD stores the answer for later requests over GET', async () => {
    const head = await send(environment, 'HEAD', MEMBER);
    assert.equal(head.headers.get('cache-status'), 'frontdesk; fwd=uri-miss; stored');
    const get = await send(environment, 'GET', MEMBER);
    assert.match(get.headers.get('cache-status') ?? '', /; hit;/);
    assert.equal(get.headers.get('etag'), head.headers.get('etag'));
  });

  it('over POST gets the whole answer and no ETag', async () => {
    const etag = await etagOf(environment, MEMBER);
    for (const ifNoneMatch of [etag, '*']) {
      const answer = await environment.send(MEMBER, {
        headers: { 'if-none-match': ifNoneMatch },
      });
      assert.equal(answer.status, 200);
      assert.equal(answer.body.data.member.id, '42');
      assert.equal(answer.headers.get('etag'), null);
    }
  });

  it('gets the whole answer if it is not stored', async () => {
    for (const query of ['{ member(id: "99999") { id } }', '{ nothing }', '{ __typename }']) {
      const answer = await send(environment, 'GET', query, { 'if-none-match': '*' });
      assert.notEqual(answer.status, 304, query);
      assert.equal(answer.headers.get('etag'), null, query);
      assert.notEqual(await answer.text(), '', query);
    }
  });

  it('matches an ETag that changes with the answer and not with the viewer', async () => {
    const etag = await etagOf(environment, MEMBER);
    assert.equal(await etagOf(environment, MEMBER, await authorization('staff')), etag);
    const rename = 'mutation { renameMember(name: "Someone Else") { member { name } } }';
    const { body } = await environment.send(rename, { as: '42' });
    assert.equal(body.data.renameMember.member.name, 'Someone Else');
    const renamed = await send(environment, 'GET', MEMBER, { 'if-none-match': etag });
    assert.equal(renamed.status, 200);
    assert.match(await renamed.text(), /Someone Else/);
  });
});
