import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { authorization, startWorld, type World } from '../support/world.ts';

const CACHED = { CACHE_MEMORY_MB: '64' };
const QUERY = '{ announcements { id } }';
const MINE = { web: '{ viewer { user { id } } }', mobile: '{ dashboard { user { id } } }' };
const AS_JSON = { 'content-type': 'application/json' };

const get = ({ endpoint }: World, query: string, init: RequestInit = {}) =>
  fetch(`${endpoint}?${new URLSearchParams({ query })}`, init);

/** No cache may keep it, by any of the headers that caches look at. */
function assertKeptNowhere({ headers }: Response, what: string): void {
  assert.equal(headers.get('cache-control'), 'no-store', what);
  for (const name of ['etag', 'surrogate-key', 'cache-tag']) {
    assert.equal(headers.get(name), null, `${what}: ${name}`);
  }
}

for (const bff of [web, mobile]) {
  test(`${bff.name}: no answer to a POST is kept elsewhere, the first as little as a hit`, async () => {
    await using world = await startWorld(bff, CACHED);
    const mine = MINE[bff.name as keyof typeof MINE];
    const mutation = 'mutation { markNotificationsRead(ids: ["1"]) { unreadCount } }';
    for (const query of [QUERY, mine, mutation, '{ __typename }', '{ profile(id: "0") { id } }']) {
      for (let n = 0; n < 2; n++) {
        const headers = { ...AS_JSON, ...(await authorization(CAST.customer)) };
        const body = JSON.stringify({ query });
        const answer = await fetch(world.endpoint, { method: 'POST', headers, body });
        assert.equal(answer.status, 200, await answer.clone().text());
        assertKeptNowhere(answer, `${query} ${n}`);
      }
    }
  });

  test(`${bff.name}: no answer with errors is kept anywhere`, async () => {
    await using world = await startWorld(bff, CACHED);
    const mine = MINE[bff.name as keyof typeof MINE];
    for (const query of [
      '{ profile(id: "99999") { id } }',
      '{ profile(id: "42") { id } other: profile(id: "99999") { id } }',
      '{ profile(id: "not an id") { id } }',
      mine,
      '{ nothing }',
      '{ announcements { id ',
      'subscription { x }',
      'mutation { __typename }',
      '{ profile(id: "42") { id } __schema { description } }',
      '{ __typename }',
      '{ __type(name: "User") { name } }',
    ]) {
      for (let n = 0; n < 2; n++) assertKeptNowhere(await get(world, query), query);
    }
  });

  test(`${bff.name}: nothing that is refused before it is understood is kept anywhere`, async () => {
    await using world = await startWorld(bff, CACHED);
    const { endpoint, url } = world;
    const text = JSON.stringify({ query: QUERY });
    const post = (body: string, headers: Record<string, string>) =>
      fetch(endpoint, { method: 'POST', headers, body });
    const form = 'application/x-www-form-urlencoded';
    const refused: Record<string, [status: number, answer: Response]> = {
      'an invalid token': [
        401,
        await get(world, QUERY, { headers: { authorization: 'Bearer x' } }),
      ],
      'a malformed time limit': [
        400,
        await get(world, QUERY, { headers: { 'x-request-timeout-ms': 'soon' } }),
      ],
      'another address': [404, await fetch(`${url}/graphiql`)],
      'the address with a slash': [404, await fetch(`${endpoint}/?query=${QUERY}`)],
      PUT: [405, await get(world, QUERY, { method: 'PUT' })],
      PATCH: [405, await get(world, QUERY, { method: 'PATCH' })],
      DELETE: [405, await get(world, QUERY, { method: 'DELETE' })],
      text: [415, await post(text, { 'content-type': 'text/plain' })],
      'a form': [415, await post(`query=${QUERY}`, { 'content-type': form })],
      'half of a body': [400, await post('{"query":', AS_JSON)],
      'too much': [413, await post(`"${'x'.repeat(2_000_000)}"`, AS_JSON)],
    };
    for (const [what, [status, answer]] of Object.entries(refused)) {
      assert.equal(answer.status, status, what);
    }
    const kept = Object.entries(refused).filter(
      ([, [, { headers }]]) => headers.get('cache-control') !== 'no-store',
    );
    assert.deepEqual(
      kept.map(([what]) => what),
      [],
    );
  });

  test(`${bff.name}: other methods are told which there are`, async () => {
    await using world = await startWorld(bff, CACHED);
    await get(world, QUERY);
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
      const answer = await get(world, QUERY, { method });
      assert.equal(answer.status, 405);
      assert.equal(answer.headers.get('allow'), 'GET, HEAD, POST');
      assert.match(await answer.text(), /"BAD_REQUEST".*"requestId"/);
    }
  });

  test(`${bff.name}: what a page of another site may post unasked is refused, stored answer or not`, async () => {
    await using world = await startWorld(bff, CACHED);
    await get(world, QUERY);
    const json = JSON.stringify({ query: QUERY });
    const bodies: Record<string, RequestInit> = {
      text: { headers: { 'content-type': 'text/plain' }, body: json },
      'text that says it is JSON': {
        headers: { 'content-type': 'text/plain; application/json' },
        body: json,
      },
      'text with a parameter': {
        headers: { 'content-type': 'text/plain; a=application/json' },
        body: json,
      },
      'a form': { body: new URLSearchParams({ query: QUERY }) },
      'a form in parts': {
        headers: { 'content-type': 'multipart/form-data; boundary=x' },
        body: `--x\r\ncontent-disposition: form-data; name="query"\r\n\r\n${QUERY}\r\n--x--`,
      },
      'no type at all': { body: Buffer.from(json) },
    };
    for (const [what, init] of Object.entries(bodies)) {
      const answer = await fetch(world.endpoint, { method: 'POST', ...init });
      assert.equal(answer.status, 415, what);
      assert.doesNotMatch(await answer.text(), /"data"/, what);
    }
    const inAddress = await get(world, QUERY, { method: 'POST' });
    assert.equal(inAddress.status, 400);
    assert.doesNotMatch(await inAddress.text(), /"data"/);
  });
}
