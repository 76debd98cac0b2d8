import type { announcements, WireNotification, WireOrder, WireUser } from '../../upstream/data.ts';
import { settings } from '../support.ts';
import type { Ask } from './ask.ts';

const LIST_LENGTH = 10;

type Keys = readonly string[];
type Lists<Name extends string, Item> = { lists: ({ userId: string } & Record<Name, Item[]>)[] };

export type Reads = ReturnType<typeof createReads>;

/** What the services can be asked, many keys in one call. The answers are in the keys' order. */
export function createReads(ask: Ask) {
  const { user, order, notification } = settings();

  return {
    async users(ids: Keys): Promise<(WireUser | null)[]> {
      const body = await ask<{ users: WireUser[] }>(user, '/users', { ids: ids.join(',') });
      const byId = new Map(body.users.map((found) => [found.id, found]));
      return ids.map((id) => byId.get(id) ?? null);
    },

    async orders(users: Keys): Promise<WireOrder[][]> {
      const parameters = { users: users.join(','), limit: LIST_LENGTH };
      const { lists } = await ask<Lists<'orders', WireOrder>>(order, '/orders', parameters);
      const byUser = new Map(lists.map(({ userId, orders }) => [userId, orders]));
      return users.map((id) => byUser.get(id) ?? []);
    },

    async notifications(users: Keys): Promise<WireNotification[][]> {
      const parameters = { users: users.join(','), limit: LIST_LENGTH };
      const { lists } = await ask<Lists<'notifications', WireNotification>>(
        notification,
        '/notifications',
        parameters,
      );
      const byUser = new Map(lists.map(({ userId, notifications }) => [userId, notifications]));
      return users.map((id) => byUser.get(id) ?? []);
    },

    async announcements() {
      type Body = { announcements: typeof announcements };
      return (await ask<Body>(notification, '/announcements')).announcements;
    },

    async recentOrders(recent: number): Promise<WireOrder[]> {
      return (await ask<{ orders: WireOrder[] }>(order, '/orders', { recent })).orders;
    },
  };
}
