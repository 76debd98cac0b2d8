import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { purge } from '../support/purge.ts';
import { until } from '../support/until.ts';
import { type Ask, startWorld, type World } from '../support/world.ts';

const CACHED = { CACHE_MEMORY_MB: '64' };
/** A slow machine must not make anyone give up. */
const PATIENT = { REQUEST_DEADLINE_MS: '60000', UPSTREAM_ATTEMPT_TIMEOUT_MS: '60000' };
const PROFILE = '{ profile(id: "42") { name } }';

async function isHit(world: World, query: string, ask: Ask = {}): Promise<boolean> {
  const { headers } = await world.ask(query, ask);
  return (headers.get('cache-status') ?? '').includes('; hit;');
}

/** What is asked, by whom, with tags that it has and tags that it has not. */
interface Case extends Ask {
  readonly query: string;
  readonly tags: readonly string[];
  readonly others: readonly string[];
}

const SHARED: readonly Case[] = [
  {
    query: PROFILE,
    tags: ['User:42', 'User', 'Query.profile'],
    others: ['User:4', 'User:420', 'user:42', 'Order:42', 'users', 'Query.announcements'],
  },
  {
    query: '{ announcements { id } }',
    tags: ['Announcement', 'Announcement:1', 'announcements', 'Query.announcements'],
    others: ['Announcement:999', 'Notification:1', 'Query.profile'],
  },
];
const WEB: readonly Case[] = [
  {
    query: '{ recentOrders(first: 2) { id } }',
    as: 'staff',
    tags: ['orders', 'orders:recent', 'Order', 'Query.recentOrders'],
    others: ['orders:user=42', 'Query.orders', 'User'],
  },
  {
    query: '{ viewer { orders(first: 2, status: PLACED) { edges { node { id } } } unreadCount } }',
    as: CAST.customer,
    tags: ['orders:user=42', 'orders:user=42&status=placed', 'unread:user=42', 'Query.viewer'],
    others: ['orders:user=43', 'orders:user=42&status=shipped', 'unread:user=43'],
  },
];
const MOBILE: readonly Case[] = [
  {
    query: '{ dashboard { user { name } notifications(first: 2) { id } } }',
    as: CAST.customer,
    tags: ['User:42', 'notifications:user=42', 'Notification', 'Query.dashboard'],
    others: ['User:43', 'notifications:user=43', 'notifications:user=42&unread', 'Order'],
  },
];

for (const [bff, own] of [
  [web, WEB],
  [mobile, MOBILE],
] as const) {
  test(`${bff.name}: a purge makes stale what has one of the tags, and nothing else`, async () => {
    await using world = await startWorld(bff, CACHED);
    for (const { query, tags, others, ...ask } of [...SHARED, ...own]) {
      await world.ask(query, ask);
      await purge(world, ...others);
      assert.ok(await isHit(world, query, ask), query);
      for (const tag of tags) {
        await purge(world, 'Nothing', tag);
        assert.equal(await isHit(world, query, ask), false, `${query} ${tag}`);
        assert.ok(await isHit(world, query, ask), `${query} ${tag}`);
      }
    }
  });

  test(`${bff.name}: what was changed in a service is seen once it is purged`, async () => {
    await using world = await startWorld(bff, CACHED);
    await world.ask(PROFILE);
    await world.services.user.inject({
      method: 'PATCH',
      url: '/users/42',
      payload: { name: 'Someone Else' },
    });
    assert.ok(await isHit(world, PROFILE));
    await purge(world, 'User:42');
    assert.deepEqual((await world.ask(PROFILE)).body.data, { profile: { name: 'Someone Else' } });
  });

  test(`${bff.name}: what was purged is not served any more, not even when its service is down`, async (context) => {
    await using world = await startWorld(bff, CACHED);
    context.mock.timers.enable({ apis: ['Date'], now: Date.now() });
    for (const seconds of [0, 310, 400]) {
      world.services.user.control.clear();
      await until(async () => !(await world.ask(PROFILE)).body.errors);
      assert.ok(await isHit(world, PROFILE));
      context.mock.timers.tick(seconds * 1_000);
      world.services.user.control.faults({ usersByIds: { status: 500 } });
      await purge(world, 'User:42');
      const { headers, body } = await world.ask(PROFILE);
      assert.equal(body.errors[0].extensions.code, 'UPSTREAM_UNAVAILABLE');
      assert.equal(headers.get('cache-status'), 'frontdesk; fwd=uri-miss');
    }
  });

  test(`${bff.name}: what was being made while it was purged is not kept`, async () => {
    await using service = await startSlowAnnouncements();
    const urls = { NOTIFICATION_SERVICE_URL: service.url };
    await using world = await startWorld(bff, { ...CACHED, ...PATIENT, ...urls });
    const query = '{ announcements { title } }';
    const before = world.ask(query);
    await until(() => service.waiting() === 1);
    await purge(world, 'announcements');
    const after = world.ask(query);
    await until(() => service.waiting() === 2);
    service.answer('old', 'new');
    const [first, second] = await Promise.all([before, after]);
    assert.equal(first.headers.get('cache-status'), 'frontdesk; fwd=uri-miss');
    assert.deepEqual(first.body.data.announcements, [{ title: 'old' }]);
    assert.equal(second.headers.get('cache-status'), 'frontdesk; fwd=uri-miss; stored');
    assert.deepEqual(second.body.data.announcements, [{ title: 'new' }]);
    const third = await world.ask(query);
    assert.match(third.headers.get('cache-status') ?? '', /; hit;/);
    assert.deepEqual(third.body, second.body);
  });
}

async function startSlowAnnouncements() {
  const waiting: ServerResponse[] = [];
  const server = createServer((_request, response) => {
    waiting.push(response.setHeader('content-type', 'application/json'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    waiting: () => waiting.length,
    /** Answers those who wait, in the order in which they came. */
    answer(...titles: string[]) {
      for (const [n, response] of waiting.entries()) {
        const news = { id: '1', title: titles[n], body: '', publishedAt: '2026-06-01T09:00:00Z' };
        response.end(JSON.stringify({ announcements: [news] }));
      }
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
