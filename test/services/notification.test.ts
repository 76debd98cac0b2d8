import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createNotificationService } from '../../services/notification/service.ts';
import { CUSTOMER_NOTIFICATIONS, CUSTOMER_UNREAD } from '../../services/support/cast.ts';
import { byId, idsOf, readPages, start } from './harness.ts';

type Notification = { id: string; createdAt: string; readAt: string | null; cursor: string };

const NOW = Date.UTC(2026, 6, 1);

describe('Notification service', () => {
  it('pages through each notification of a user once, newest first', async () => {
    await using service = await start(createNotificationService);
    const path = '/notifications?user=42&limit=7';
    const all = (await readPages(service, path, 'notifications')) as Notification[];
    assert.equal(new Set(idsOf(all)).size, CUSTOMER_NOTIFICATIONS);
    const sorted = all.toSorted((a, b) => b.createdAt.localeCompare(a.createdAt) || byId(b, a));
    assert.deepEqual(idsOf(all), idsOf(sorted));
    assert.deepEqual(Object.keys(all[0] ?? {}).sort(), [
      'body',
      'createdAt',
      'cursor',
      'id',
      'kind',
      'readAt',
      'title',
      'userId',
    ]);
  });

  it('filters a list by read state', async () => {
    await using service = await start(createNotificationService);
    const path = '/notifications?user=42&limit=5&unread';
    const unread = (await readPages(service, `${path}=true`, 'notifications')) as Notification[];
    const read = (await readPages(service, `${path}=false`, 'notifications')) as Notification[];
    assert.ok(unread.every(({ readAt }) => readAt === null));
    assert.ok(read.every(({ readAt }) => readAt !== null));
    assert.deepEqual(
      [unread.length, read.length],
      [CUSTOMER_UNREAD, CUSTOMER_NOTIFICATIONS - CUSTOMER_UNREAD],
    );
  });

  it('returns one list and one count for each of several users', async () => {
    await using service = await start(createNotificationService);
    const { body } = await service.get('/notifications?users=42,7,43&limit=5');
    assert.equal(body.lists.length, 3);
    const list = (user: string) =>
      body.lists.find(({ userId }: { userId: string }) => userId === user);
    assert.deepEqual(list('7'), { userId: '7', notifications: [], nextCursor: null });
    const { body: page } = await service.get('/notifications?user=42&limit=5');
    assert.deepEqual(list('42'), { userId: '42', ...page });

    const { body: counts } = await service.get('/unread?users=7,42');
    const byUser = new Map(
      counts.counts.map((each: { userId: string; count: number }) => [each.userId, each.count]),
    );
    assert.deepEqual([byUser.get('42'), byUser.get('7'), byUser.size], [CUSTOMER_UNREAD, 0, 2]);
    assert.deepEqual((await service.get('/unread?user=42')).body, { count: CUSTOMER_UNREAD });
    assert.deepEqual((await service.get('/unread?user=nobody')).body, { count: 0 });
  });

  it('marks only the user’s own notifications as read, once, and lists the others as missing', async () => {
    await using service = await start(createNotificationService, { now: () => NOW });
    const { body: unread } = await service.get('/notifications?user=42&unread=true&limit=2');
    const { body: read } = await service.get('/notifications?user=42&unread=false&limit=1');
    const { body: foreign } = await service.get('/notifications?user=1&unread=true&limit=1');
    const foreignIds = idsOf(foreign.notifications);
    assert.equal(foreignIds.length, 1);
    const ids = [
      ...idsOf(unread.notifications),
      ...idsOf(read.notifications),
      ...foreignIds,
      '1',
      '1',
      'x',
    ];

    const { status, body } = await service.send('POST', '/notifications/read', {
      userId: '42',
      ids,
    });
    assert.equal(status, 200);
    const expected = unread.notifications.map((each: Notification) => ({
      ...each,
      readAt: new Date(NOW).toISOString(),
    }));
    assert.deepEqual(
      body.notifications.toSorted(byId),
      [...expected, ...read.notifications].sort(byId),
    );
    assert.deepEqual(body.missing, [...foreignIds, '1', 'x']);
    assert.equal((await service.get('/unread?user=42')).body.count, CUSTOMER_UNREAD - 2);
    const { body: untouched } = await service.get('/notifications?user=1&unread=true&limit=1');
    assert.deepEqual(untouched, foreign);
  });

  it('keeps cursors valid when notifications are read between pages', async () => {
    await using service = await start(createNotificationService);
    const all = (await service.get('/notifications?user=42&unread=true&limit=100')).body;
    const first = await service.get('/notifications?user=42&unread=true&limit=4');
    const ids = idsOf(first.body.notifications);
    await service.send('POST', '/notifications/read', { userId: '42', ids });
    const next = first.body.nextCursor;
    const second = await service.get(`/notifications?user=42&unread=true&limit=4&cursor=${next}`);
    assert.deepEqual(idsOf(second.body.notifications), idsOf(all.notifications.slice(4, 8)));
  });

  it('returns twelve announcements, newest first', async () => {
    await using service = await start(createNotificationService);
    const { status, body } = await service.get('/announcements');
    assert.deepEqual([status, body.announcements.length], [200, 12]);
    const times = body.announcements.map((each: { publishedAt: string }) => each.publishedAt);
    assert.deepEqual(times, times.toSorted().reverse());
    assert.deepEqual(Object.keys(body.announcements[0]), ['id', 'title', 'body', 'publishedAt']);
  });

  it('refuses invalid queries and bodies', async () => {
    await using service = await start(createNotificationService);
    for (const path of [
      '/notifications',
      '/notifications?user=42&users=1',
      '/notifications?users=1&unread=true',
      '/notifications?user=42&unread=yes',
      '/notifications?user=42&cursor=x',
      '/unread',
      '/unread?user=1&users=2',
      '/unread?users=',
      '/announcements?limit=3',
    ]) {
      const { status, body } = await service.get(path);
      assert.deepEqual([status, body.code, body.errors.length > 0], [400, 'invalid', true], path);
    }
    for (const wrong of [
      {},
      { userId: '42', ids: [] },
      { userId: '42', ids: Array(101).fill('1') },
    ]) {
      assert.equal((await service.send('POST', '/notifications/read', wrong)).status, 422);
    }
  });
});
