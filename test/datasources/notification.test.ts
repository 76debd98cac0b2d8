import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import pino from 'pino';
import { CAST, CUSTOMER_UNREAD } from '../../services/support/cast.ts';
import { loadConfig } from '../../src/config/index.ts';
import { createUpstreams } from '../../src/datasources/index.ts';
import { UPSTREAMS } from '../../src/datasources/upstreams.ts';
import { createTestMetrics } from '../support/metrics.ts';
import { startServices } from '../support/services.ts';
import { createCallers } from '../upstream/controlled-upstream.ts';

/** Starts the notification service and its datasource, which calls it over one protocol. */
async function startSource(protocol: 'HTTP' | 'gRPC') {
  await using started = new AsyncDisposableStack();
  const running = started.use(
    await startServices(['notification'], protocol === 'gRPC' ? ['notification'] : []),
  );
  const bff = { name: 'test', port: 0, adminPort: 0, upstreams: UPSTREAMS };
  const config = loadConfig(running.env, bff);
  const log = pino({ level: 'silent' });
  const { upstreams: metrics } = createTestMetrics();
  const upstreams = createUpstreams(UPSTREAMS, config.upstreams, log, metrics);
  started.defer(() => upstreams.close());
  const callers = started.use(createCallers());
  const resources = started.move();
  return {
    control: running.services.notification.control,
    /** The datasource of a new request. */
    source: () => upstreams.datasourcesFor(callers.call()).notifications,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Everything that the datasource returns, before and after a change. */
async function readAll({ source }: Awaited<ReturnType<typeof startSource>>) {
  const notifications = source();
  const page = await notifications.byUser(CAST.customer, { first: 20 });
  const after = page.edges[4]?.cursor;
  const unread = await notifications.byUser(CAST.customer, { first: 3, after, unreadOnly: true });
  const ids = unread.edges.map(({ node }) => node.id);
  const marked = await source().markRead(CAST.customer, [...ids, 'none']);
  return {
    page,
    unread,
    marked: { ...marked, value: marked.value?.map((each) => ({ ...each, readAt: null })) },
    areRead: marked.value?.every(({ readAt }) => readAt !== null),
    unreadCount: await source().unreadCount(CAST.customer),
    empty: await source().byUser(CAST.noOrders, { first: 3 }),
    announcements: await source().announcements(),
  };
}

describe('The notification datasource', () => {
  it('returns the same over gRPC as over HTTP', async () => {
    await using http = await startSource('HTTP');
    await using grpc = await startSource('gRPC');
    const expected = await readAll(http);
    assert.deepEqual(await readAll(grpc), expected);
    assert.equal(expected.unreadCount, CUSTOMER_UNREAD - 3);
  });

  for (const protocol of ['HTTP', 'gRPC'] as const) {
    it(`combines requests of the same turn in one call over ${protocol}`, async () => {
      await using running = await startSource(protocol);
      const { source, control } = running;
      await Promise.all([
        source().unreadCount(CAST.customer),
        source().unreadCount(CAST.otherCustomer),
        source().announcements(),
        source().announcements(),
      ]);
      assert.deepEqual(control.requests().routes, { unreadByUsers: 1, announcements: 1 });
    });

    it(`blames the client for a cursor that the service refuses over ${protocol}`, async () => {
      await using running = await startSource(protocol);
      const request = { first: 3, after: 'notifications.unknown' };
      await assert.rejects(running.source().byUser(CAST.customer, request), {
        code: 'BAD_USER_INPUT',
      });
    });
  }
});
