import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { startWorld, type World } from '../support/world.ts';

const CACHED = { CACHE_MEMORY_MB: '64' };
const JSON_TYPE = 'application/json; charset=utf-8';
const GRAPHQL_TYPE = 'application/graphql-response+json; charset=utf-8';
const QUERY = '{ announcements { id } }';

/** What a client takes, and the type that it gets; undefined if there is none for it. */
const CHOICES: readonly (readonly [accept: string, type: string | undefined])[] = [
  ['*/*', JSON_TYPE],
  ['application/*', JSON_TYPE],
  ['application/json', JSON_TYPE],
  ['Application/JSON', JSON_TYPE],
  ['application/json; charset=utf-8', JSON_TYPE],
  ['application/json;charset=UTF-8', JSON_TYPE],
  ['application/graphql-response+json', GRAPHQL_TYPE],
  ['application/graphql-response+json, application/json;q=0.9', GRAPHQL_TYPE],
  ['application/json;q=0.5, application/graphql-response+json', GRAPHQL_TYPE],
  ['application/graphql-response+json;q=0.1, application/json', JSON_TYPE],
  ['application/json;q=0, */*', GRAPHQL_TYPE],
  ['multipart/mixed;deferSpec=20220824, application/json;q=0.9', JSON_TYPE],
  ['image/avif, application/json;q=0.1', JSON_TYPE],
  ['image/png', undefined],
  ['text/plain', undefined],
  ['application/json;q=0', undefined],
  ['*/*;q=0', undefined],
  ['application/jsonp', undefined],
];

const get = ({ endpoint }: World, query: string, headers: Record<string, string>) =>
  fetch(`${endpoint}?${new URLSearchParams({ query })}`, { headers });

const post = ({ endpoint }: World, query: string, headers: Record<string, string>) =>
  fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query }),
  });

for (const bff of [web, mobile]) {
  for (const [way, send] of Object.entries({ GET: get, POST: post })) {
    test(`${bff.name}: over ${way} the type is what the client takes, for a hit as for a miss`, async () => {
      await using world = await startWorld(bff, CACHED);
      for (const [accept, type] of CHOICES) {
        const query = `# ${accept}\n${QUERY}`;
        const miss = await send(world, query, { accept });
        await send(world, query, {});
        const hit = await send(world, query, { accept });
        for (const answer of [miss, hit]) {
          assert.equal(answer.status, type ? 200 : 406, accept);
          assert.equal(answer.headers.get('content-type'), type ?? JSON_TYPE, accept);
          if (!type) assert.equal(answer.headers.get('cache-control'), 'no-store', accept);
          if (!type) assert.equal(answer.headers.get('etag'), null, accept);
        }
        const status = hit.headers.get('cache-status') ?? '';
        assert.match(status, type ? /; hit;/ : /fwd=bypass$/, accept);
        if (type) assert.equal(await hit.text(), await miss.text(), accept);
        else assert.match(await hit.text(), /"BAD_REQUEST".*"requestId"/, accept);
      }
    });
  }

  test(`${bff.name}: whoever stored it, the next gets the type that they take`, async () => {
    await using world = await startWorld(bff, CACHED);
    const types = [GRAPHQL_TYPE, JSON_TYPE, GRAPHQL_TYPE];
    for (const type of types) {
      const answer = await get(world, QUERY, { accept: type });
      assert.equal(answer.headers.get('content-type'), type);
      assert.match(answer.headers.get('vary') ?? '', /^Accept,/);
    }
  });

  test(`${bff.name}: a browser's address line gets the page, stored answer or not, and no cache keeps it`, async () => {
    await using world = await startWorld(bff, CACHED);
    const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
    for (let n = 0; n < 2; n++) {
      const page = await get(world, QUERY, { accept });
      assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
      assert.equal(page.headers.get('cache-control'), 'no-store');
      assert.equal(page.headers.get('etag'), null);
      await get(world, QUERY, {});
    }
  });

  test(`${bff.name}: a header longer than any client's gets the answer all the same`, async () => {
    await using world = await startWorld(bff, CACHED);
    const accept = `${'x/y,'.repeat(2_000)}application/json`;
    for (let n = 0; n < 2; n++) {
      const answer = await get(world, QUERY, { accept });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get('content-type'), JSON_TYPE);
    }
  });
}
