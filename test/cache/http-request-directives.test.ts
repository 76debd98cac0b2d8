import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { authorization, startWorld, type World } from '../support/world.ts';

// What a client's own Cache-Control demands of the BFF (RFC 9111 §5.2.1).

const CACHED = { CACHE_MEMORY_MB: '64' };
const PUBLIC = '{ announcements { id } profile(id: "42") { name } }';
const PRIVATE = {
  web: '{ viewer { user { name } unreadCount } }',
  mobile: '{ dashboard { user { name } unreadCount } }',
};
const METHODS = ['GET', 'POST'] as const;

type Headers = Record<string, string>;

async function send(
  { endpoint }: World,
  method: (typeof METHODS)[number],
  query: string,
  cacheControl: string | undefined,
  more: Headers = {},
) {
  const headers = { ...(cacheControl && { 'cache-control': cacheControl }), ...more };
  const response =
    method === 'GET'
      ? await fetch(`${endpoint}?${new URLSearchParams({ query })}`, { headers })
      : await fetch(endpoint, {
          method,
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify({ query }),
        });
  const { status } = response;
  const cacheStatus = response.headers.get('cache-status') ?? '';
  return { status, cacheStatus, headers: response.headers, text: await response.text() };
}

/** Renames user 42 at the service, which tells nobody. */
async function renameQuietly(world: World, name: string) {
  const url = '/users/42';
  await world.services.user.inject({ method: 'PATCH', url, payload: { name } });
}

for (const bff of [web, mobile]) {
  const mine = PRIVATE[bff.name as keyof typeof PRIVATE];

  describe(`Cache-Control of a request (${bff.name})`, () => {
    it('executes for no-cache and max-age=0, and stores the answer for others', async () => {
      for (const method of METHODS) {
        await using world = await startWorld(bff, CACHED);
        await send(world, method, PUBLIC, undefined);
        for (const [n, demand] of [
          'no-cache',
          'No-Cache',
          'max-age=0',
          'max-age="0"',
          'min-fresh=1 ,no-cache',
          'max-age=0, must-revalidate',
        ].entries()) {
          const name = `Name ${n}`;
          await renameQuietly(world, name);
          const kept = await send(world, method, PUBLIC, undefined);
          assert.match(kept.cacheStatus, /; hit;/, demand);
          const demanded = await send(world, method, PUBLIC, demand);
          assert.equal(demanded.cacheStatus, 'frontdesk; fwd=request; stored', demand);
          assert.equal(demanded.headers.get('age'), null, demand);
          assert.ok(demanded.text.includes(name), `${demand}: ${demanded.text}`);
          const next = await send(world, method, PUBLIC, undefined);
          assert.match(next.cacheStatus, /; hit;/, demand);
          assert.equal(next.text, demanded.text, demand);
        }
      }
    });

    it('answers everything else from the cache', async () => {
      await using world = await startWorld(bff, CACHED);
      await send(world, 'GET', PUBLIC, undefined);
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
          const { cacheStatus } = await send(world, method, PUBLIC, directive);
          assert.match(cacheStatus, /; hit;/, `${method} ${directive}`);
        }
      }
    });

    it('executes for no-store, and stores nothing', async () => {
      for (const method of METHODS) {
        await using world = await startWorld(bff, CACHED);
        for (let n = 0; n < 2; n++) {
          const { cacheStatus, headers } = await send(world, method, PUBLIC, 'no-store');
          assert.equal(cacheStatus, 'frontdesk; fwd=request');
          assert.equal(headers.get('cache-control'), 'no-store');
        }
        const stored = await send(world, method, PUBLIC, undefined);
        assert.equal(stored.cacheStatus, 'frontdesk; fwd=uri-miss; stored');
        await renameQuietly(world, 'Another');
        assert.match((await send(world, method, PUBLIC, 'no-cache, no-store')).text, /Another/);
        assert.equal((await send(world, method, PUBLIC, undefined)).text, stored.text);
      }
    });

    it('compares If-None-Match with the answer that no-cache made', async () => {
      await using world = await startWorld(bff, CACHED);
      const { headers } = await send(world, 'GET', PUBLIC, undefined);
      const known = { 'if-none-match': headers.get('etag') ?? '' };
      world.reset();
      const same = await send(world, 'GET', PUBLIC, 'no-cache', known);
      assert.equal(same.status, 304);
      assert.equal(same.cacheStatus, 'frontdesk; fwd=request; stored');
      assert.equal(world.calls().length, 2);
      await renameQuietly(world, 'Another');
      const changed = await send(world, 'GET', PUBLIC, 'no-cache', known);
      assert.equal(changed.status, 200);
      assert.match(changed.text, /Another/);
    });

    it('shows a partial answer to no-cache at once, although a whole one is stored', async () => {
      const viewer = await authorization(CAST.customer);
      for (const [query, as, service] of [
        [PUBLIC, {}, 'user'],
        [mine, viewer, 'notification'],
      ] as const) {
        for (const method of METHODS) {
          await using world = await startWorld(bff, CACHED);
          const whole = await send(world, method, query, undefined, as);
          world.services[service].control.faults({ '*': { status: 503 } });
          const partial = await send(world, method, query, 'no-cache', as);
          assert.equal(partial.cacheStatus, 'frontdesk; fwd=request', query);
          assert.equal(partial.headers.get('cache-control'), 'no-store', query);
          const { data, errors } = JSON.parse(partial.text);
          assert.ok(data, query);
          assert.equal(errors.length, 1, query);
          assert.equal(errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE', query);
          // Those who demand nothing get the stored answer for as long as it is fresh.
          const kept = await send(world, method, query, undefined, as);
          assert.match(kept.cacheStatus, /; hit; ttl=\d/, query);
          assert.equal(kept.text, whole.text, query);
        }
      }
    });

    it('serves nothing stale to no-cache', async (context) => {
      await using world = await startWorld(bff, CACHED);
      context.mock.timers.enable({ apis: ['Date'], now: Date.now() });
      await send(world, 'GET', PUBLIC, undefined);
      world.services.user.control.faults({ '*': { status: 503 } });
      for (const seconds of [61, 30]) {
        context.mock.timers.tick(seconds * 1_000);
        const demanded = await send(world, 'GET', PUBLIC, 'no-cache');
        assert.equal(demanded.cacheStatus, 'frontdesk; fwd=request');
        assert.match(demanded.text, /"UPSTREAM_UNAVAILABLE"/);
        assert.match((await send(world, 'GET', PUBLIC, undefined)).cacheStatus, /; hit; ttl=-/);
      }
    });

    it('charges a stored answer, a miss and no-cache alike', async () => {
      const limits = { RATE_LIMIT_ADDRESS: '1000', RATE_LIMIT_VIEWER: '0' };
      await using world = await startWorld(bff, { ...CACHED, ...limits });
      const left: number[] = [];
      const outcomes: string[] = [];
      for (const demand of [undefined, undefined, 'no-cache', 'no-store', undefined]) {
        const { headers, cacheStatus } = await send(world, 'POST', PUBLIC, demand);
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

    it('may be sent by a page of another origin', async () => {
      await using world = await startWorld(bff, { CORS_ORIGINS: 'https://shop.example' });
      const { headers } = await world.app.inject({
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

    it('leaves what is never stored as it is', async () => {
      await using world = await startWorld(bff, CACHED);
      for (const query of ['{ __typename }', '{ __schema { description } }']) {
        const { cacheStatus } = await send(world, 'POST', query, 'no-cache');
        assert.equal(cacheStatus, 'frontdesk; fwd=bypass', query);
      }
    });
  });
}
