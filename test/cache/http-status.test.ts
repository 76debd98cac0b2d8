import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { until } from '../support/until.ts';
import { startWorld, type World } from '../support/world.ts';

const CACHED = { CACHE_MEMORY_MB: '64' };
const QUERY = '{ announcements { id } }';
const PROFILE = '{ profile(id: "42") { name } }';
/** A slow machine must not make anyone give up. */
const PATIENT = { REQUEST_DEADLINE_MS: '60000', UPSTREAM_ATTEMPT_TIMEOUT_MS: '60000' };

const get = ({ endpoint }: World, query: string) =>
  fetch(`${endpoint}?${new URLSearchParams({ query })}`);

async function statusOf(world: World, query: string): Promise<string> {
  const response = await get(world, query);
  await response.text();
  return response.headers.get('cache-status') ?? '';
}

/** How long a hit is still fresh, in seconds. */
const ttlOf = (status: string): number =>
  Number(/^frontdesk; hit; ttl=(-?\d+)$/.exec(status)?.[1] ?? Number.NaN);

/** Makes seconds pass at once. */
function startClock({ mock }: TestContext) {
  mock.timers.enable({ apis: ['Date'], now: Date.now() });
  return (seconds: number) => mock.timers.tick(seconds * 1_000);
}

for (const bff of [web, mobile]) {
  test(`${bff.name}: an answer says where it came from, over GET and POST`, async () => {
    await using world = await startWorld(bff, CACHED);
    const failing = '{ profile(id: "99999") { name } }';
    const mutation = 'mutation { markNotificationsRead(ids: ["1"]) { unreadCount } }';
    const ways = {
      GET: (query: string) => statusOf(world, query),
      POST: async (query: string) => (await world.ask(query)).headers.get('cache-status') ?? '',
    };
    for (const [way, ask] of Object.entries(ways)) {
      const query = `# ${way}\n${QUERY}`;
      assert.equal(await ask(query), 'frontdesk; fwd=uri-miss; stored');
      const ttl = ttlOf(await ask(query));
      assert.ok(ttl >= 0 && ttl <= 60, `ttl=${ttl}`);
      for (let n = 0; n < 2; n++) {
        assert.equal(await ask(failing), 'frontdesk; fwd=uri-miss');
        for (const never of [
          mutation,
          '{ __typename }',
          '{ __schema { description } }',
          '{ no }',
        ]) {
          assert.equal(await ask(never), 'frontdesk; fwd=bypass', never);
        }
      }
    }
  });

  test(`${bff.name}: a hit says how old it is, and a miss says nothing of it`, async (context) => {
    await using world = await startWorld(bff, CACHED);
    const pass = startClock(context);
    assert.equal((await get(world, QUERY)).headers.get('age'), null);
    assert.equal((await get(world, QUERY)).headers.get('age'), '0');
    const fresh = ttlOf(await statusOf(world, QUERY));
    pass(20);
    const { headers } = await get(world, QUERY);
    assert.equal(headers.get('age'), '20');
    assert.equal(ttlOf(headers.get('cache-status') ?? ''), fresh - 20);
    // Whoever keeps it on the way counts from when it was made.
    assert.match(headers.get('cache-control') ?? '', /s-maxage=60$/);
    assert.equal((await world.ask(QUERY)).headers.get('age'), '20');
    assert.equal((await get(world, '{ profile(id: "99999") { id } }')).headers.get('age'), null);
  });

  test(`${bff.name}: what has just expired is served while a new one is made behind it`, async (context) => {
    await using world = await startWorld(bff, CACHED);
    const pass = startClock(context);
    await statusOf(world, QUERY);
    pass(61);
    const { headers } = await get(world, QUERY);
    assert.ok(ttlOf(headers.get('cache-status') ?? '') < 0);
    assert.equal(headers.get('age'), '61');
    await until(async () => ttlOf(await statusOf(world, QUERY)) > 0);
    assert.equal((await get(world, QUERY)).headers.get('age'), '0');
    pass(60 + 31);
    assert.equal(await statusOf(world, QUERY), 'frontdesk; fwd=uri-miss; stored');
  });

  test(`${bff.name}: what expired a while ago is served only if no new one can be made`, async (context) => {
    await using world = await startWorld(bff, CACHED);
    const pass = startClock(context);
    const stored = await (await get(world, PROFILE)).text();
    pass(300 + 31);
    world.services.user.control.faults({ '*': { status: 503 } });
    const stale = await get(world, PROFILE);
    assert.ok(ttlOf(stale.headers.get('cache-status') ?? '') <= -31);
    assert.equal(stale.headers.get('age'), '331');
    assert.equal(await stale.text(), stored);
    pass(300);
    const failed = await get(world, PROFILE);
    assert.equal(failed.headers.get('cache-status'), 'frontdesk; fwd=uri-miss');
    assert.match(await failed.text(), /"UPSTREAM_UNAVAILABLE"/);
  });

  test(`${bff.name}: who waits for another's answer gets the same, and says so`, async () => {
    await using service = await startSlowAnnouncements();
    const urls = { NOTIFICATION_SERVICE_URL: service.url };
    await using world = await startWorld(bff, { ...CACHED, ...PATIENT, ...urls });
    let taken = 0;
    world.app.server.on('request', () => taken++);
    const answers = [];
    for (let n = 1; n <= 5; n++) {
      answers.push(get(world, QUERY));
      await until(() => taken === n);
      // Whoever has been taken has nothing to wait for before they join.
      for (let turns = 0; turns < 20; turns++) await turn();
    }
    await until(() => service.waiting() > 0);
    service.answer();
    const [first, ...others] = await Promise.all(answers);
    assert.equal(first?.headers.get('cache-status'), 'frontdesk; fwd=uri-miss; stored');
    const text = await first?.text();
    for (const other of others) {
      assert.equal(other.headers.get('cache-status'), 'frontdesk; fwd=uri-miss; collapsed');
      assert.equal(other.headers.get('age'), null);
      for (const name of ['etag', 'cache-control', 'surrogate-key']) {
        assert.equal(other.headers.get(name), first?.headers.get(name), name);
      }
      assert.notEqual(other.headers.get('x-request-id'), first?.headers.get('x-request-id'));
      assert.equal(await other.text(), text);
    }
    assert.equal(service.asked(), 1);
  });
}

async function startSlowAnnouncements() {
  const waiting: ServerResponse[] = [];
  let asked = 0;
  const server = createServer((_request, response) => {
    asked++;
    waiting.push(response.setHeader('content-type', 'application/json'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => asked,
    waiting: () => waiting.length,
    answer() {
      for (const response of waiting.splice(0)) response.end('{"announcements":[]}');
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
