import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AnyEnvironment, authorization } from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { CAST } from '../support/fixture/cast.ts';
import { get, post } from './environment.ts';
import type { Library } from './queries.ts';
import { clearCache, fakeClock, shareCached } from './shared-environment.ts';

// The Cache-Control directives of requests (RFC 9111 §5.2.1).

const PUBLIC = '{ notices { id } member(id: "42") { name } }';
const PRIVATE = '{ viewer { member { name } activeCount } }';
const METHODS = ['GET', 'POST'] as const;

type Headers = Record<string, string>;

async function send(
  environment: AnyEnvironment,
  method: (typeof METHODS)[number],
  query: string,
  cacheControl: string | undefined,
  more: Headers = {},
) {
  const headers = { ...(cacheControl && { 'cache-control': cacheControl }), ...more };
  const response =
    method === 'GET'
      ? await get(environment, query, headers)
      : await post(environment, { query }, headers);
  const { status } = response;
  const cacheStatus = response.headers.get('cache-status') ?? '';
  return { status, cacheStatus, headers: response.headers, text: await response.text() };
}

/** Renames member 42 at the service, which sends no events. */
async function renameAtService(environment: Library, name: string) {
  const url = '/members/42';
  await environment.services.member.inject({ method: 'PATCH', url, payload: { name } });
}

describe('Request with Cache-Control', () => {
  const environment = shareCached(library, {
    CORS_ORIGINS: 'https://shop.example',
    RATE_LIMIT_ADDRESS: '1000000',
    RATE_LIMIT_VIEWER: '0',
  });

  it('no-cache or max-age=0 is executed, and its answer is stored for later requests', async () => {
    for (const method of METHODS) {
      await clearCache(environment, library);
      await send(environment, method, PUBLIC, undefined);
      for (const [n, directive] of [
        'no-cache',
        'No-Cache',
        'max-age=0',
        'max-age="0"',
        'min-fresh=1 ,no-cache',
        'max-age=0, must-revalidate',
      ].entries()) {
        const name = `Name ${method} ${n}`;
        await renameAtService(environment, name);
        const stored = await send(environment, method, PUBLIC, undefined);
        assert.match(stored.cacheStatus, /; hit;/, directive);
        const executed = await send(environment, method, PUBLIC, directive);
        assert.equal(executed.cacheStatus, 'frontdesk; fwd=request; stored', directive);
        assert.equal(executed.headers.get('age'), null, directive);
        assert.ok(executed.text.includes(name), `${directive}: ${executed.text}`);
        const next = await send(environment, method, PUBLIC, undefined);
        assert.match(next.cacheStatus, /; hit;/, directive);
        assert.equal(next.text, executed.text, directive);
      }
    }
  });

  it('of any other kind gets stored answers', async () => {
    await send(environment, 'GET', PUBLIC, undefined);
    for (const directive of [
      'max-age=60',
      'max-age=00060',
      'max-stale=0',
      'no-cached',
      'x-no-cache',
      'no-transform, min-fresh=0',
      'extension="no-cache"',
    ]) {
      for (const method of METHODS) {
        const { cacheStatus } = await send(environment, method, PUBLIC, directive);
        assert.match(cacheStatus, /; hit;/, `${method} ${directive}`);
      }
    }
  });

  it('no-store is executed, and its answer is not stored', async () => {
    for (const method of METHODS) {
      await clearCache(environment, library);
      for (let n = 0; n < 2; n++) {
        const { cacheStatus, headers } = await send(environment, method, PUBLIC, 'no-store');
        assert.equal(cacheStatus, 'frontdesk; fwd=request');
        assert.equal(headers.get('cache-control'), 'no-store');
      }
      const stored = await send(environment, method, PUBLIC, undefined);
      assert.equal(stored.cacheStatus, 'frontdesk; fwd=uri-miss; stored');
      await renameAtService(environment, `Renamed for ${method}`);
      assert.match(
        (await send(environment, method, PUBLIC, 'no-cache, no-store')).text,
        new RegExp(`Renamed for ${method}`),
      );
      assert.equal((await send(environment, method, PUBLIC, undefined)).text, stored.text);
    }
  });

  it('no-cache compares If-None-Match with the new answer', async () => {
    const { headers } = await send(environment, 'GET', PUBLIC, undefined);
    const known = { 'if-none-match': headers.get('etag') ?? '' };
    environment.reset();
    const same = await send(environment, 'GET', PUBLIC, 'no-cache', known);
    assert.equal(same.status, 304);
    assert.equal(same.cacheStatus, 'frontdesk; fwd=request; stored');
    assert.equal(environment.calls().length, 2);
    await renameAtService(environment, 'Renamed once more');
    const changed = await send(environment, 'GET', PUBLIC, 'no-cache', known);
    assert.equal(changed.status, 200);
    assert.match(changed.text, /Renamed once more/);
  });

  it('no-cache gets a partial answer immediately, although a complete one is stored', async () => {
    const viewer = await authorization(CAST.reader);
    for (const [query, as, service] of [
      [PUBLIC, {}, 'member'],
      [PRIVATE, viewer, 'lending'],
    ] as const) {
      for (const method of METHODS) {
        environment.reset();
        await clearCache(environment, library);
        const complete = await send(environment, method, query, undefined, as);
        environment.services[service].control.faults({ '*': { status: 503 } });
        const partial = await send(environment, method, query, 'no-cache', as);
        assert.equal(partial.cacheStatus, 'frontdesk; fwd=request', query);
        assert.equal(partial.headers.get('cache-control'), 'no-store', query);
        const { data, errors } = JSON.parse(partial.text);
        assert.ok(data, query);
        assert.equal(errors.length, 1, query);
        assert.equal(errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE', query);
        // A request without directives gets the stored answer for as long as it is fresh.
        const stored = await send(environment, method, query, undefined, as);
        assert.match(stored.cacheStatus, /; hit; ttl=\d/, query);
        assert.equal(stored.text, complete.text, query);
      }
    }
  });

  it('no-cache gets nothing stale', async (context) => {
    const pass = fakeClock(context);
    await send(environment, 'GET', PUBLIC, undefined);
    environment.services.member.control.faults({ '*': { status: 503 } });
    for (const seconds of [61, 30]) {
      pass(seconds);
      const executed = await send(environment, 'GET', PUBLIC, 'no-cache');
      assert.equal(executed.cacheStatus, 'frontdesk; fwd=request');
      assert.match(executed.text, /"UPSTREAM_UNAVAILABLE"/);
      assert.match((await send(environment, 'GET', PUBLIC, undefined)).cacheStatus, /; hit; ttl=-/);
    }
  });

  it('costs as much of the rate limit as one without', async () => {
    const left: number[] = [];
    const outcomes: string[] = [];
    for (const directive of [undefined, undefined, 'no-cache', 'no-store', undefined]) {
      const { headers, cacheStatus } = await send(environment, 'POST', PUBLIC, directive);
      left.push(Number(/r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]));
      outcomes.push(/hit|stored|fwd=request/.exec(cacheStatus)?.[0] ?? cacheStatus);
    }
    assert.deepEqual(outcomes, ['stored', 'hit', 'fwd=request', 'fwd=request', 'hit']);
    const [first = 0, second = 0] = left;
    const cost = first - second;
    assert.ok(cost > 1, `${cost}`);
    assert.deepEqual(
      left,
      left.map((_, n) => first - n * cost),
    );
  });

  it('is allowed for pages of other origins', async () => {
    const { headers } = await environment.app.inject({
      method: 'OPTIONS',
      url: '/graphql',
      headers: {
        origin: 'https://shop.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'cache-control',
      },
    });
    assert.match(String(headers['access-control-allow-headers']), /\bcache-control\b/);
  });

  it('gets the same answer for operations that are never stored', async () => {
    for (const query of ['{ __typename }', '{ __schema { description } }']) {
      const { cacheStatus } = await send(environment, 'POST', query, 'no-cache');
      assert.equal(cacheStatus, 'frontdesk; fwd=bypass', query);
    }
  });
});
