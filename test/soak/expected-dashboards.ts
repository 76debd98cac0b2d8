import type { Json } from '../support/environment.ts';
import type { SoakEnvironment } from './soak-environment.ts';

const PAGE = 5;
const MAX_USERS_PER_CALL = 50;

/** The parts of a dashboard, in the order of `Dashboard.graphql`, except those that change. */
export interface ExpectedDashboard {
  readonly user: Json;
  readonly orders: Json;
  readonly notifications: Json;
  readonly unreadCount: number;
  readonly announcements: Json;
}

/** Reads from the services what the BFF must respond to each of these users. */
export async function expectedDashboards(
  { read }: Pick<SoakEnvironment, 'read'>,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ExpectedDashboard>> {
  const { announcements } = (await read('notification', '/announcements')) as Json;
  const news = announcements.map(({ id, title, publishedAt }: Json) => ({
    id,
    title,
    publishedAt,
  }));
  const expected = new Map<string, ExpectedDashboard>();
  for (let from = 0; from < ids.length; from += MAX_USERS_PER_CALL) {
    const part = ids.slice(from, from + MAX_USERS_PER_CALL);
    const [users, orders, notifications, unread] = (await Promise.all([
      read('user', `/users?ids=${part}`),
      read('order', `/orders?users=${part}&limit=${PAGE}`),
      read('notification', `/notifications?users=${part}&limit=${PAGE}`),
      read('notification', `/unread?users=${part}`),
    ])) as Json[];
    for (const id of part) {
      const { name, avatarUrl } = users.users.find((user: Json) => user.id === id);
      const ofUser = ({ userId }: Json) => userId === id;
      expected.set(id, {
        user: { id, name, avatarUrl },
        orders: orders.lists.find(ofUser).orders.map(toOrder),
        notifications: notifications.lists.find(ofUser).notifications.map(toNotification),
        unreadCount: unread.counts.find(ofUser).count,
        announcements: news,
      });
    }
  }
  return expected;
}

const toOrder = ({ id, status, placedAt, total, items }: Json) => ({
  id,
  status: status.toUpperCase(),
  placedAt,
  total: { amount: total.amount, currency: total.currency },
  items: items.map(({ sku, name, quantity }: Json) => ({ sku, name, quantity })),
});

const toNotification = ({ id, kind, title, createdAt, readAt }: Json) => ({
  id,
  kind: kind.toUpperCase(),
  title,
  createdAt,
  readAt,
});
