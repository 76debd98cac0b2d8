import type { announcements, WireNotification, WireOrder, WireUser } from '../../upstream/data.ts';
import { serviceUrls } from '../environment.ts';
import type { GetJson } from './get-json.ts';

const LIST_LENGTH = 10;

type Keys = readonly string[];
type Lists<Name extends string, Item> = { lists: ({ userId: string } & Record<Name, Item[]>)[] };

export type ServiceReads = ReturnType<typeof createServiceReads>;

/** Creates the batch reads of the services. Results are in the order of the keys. */
export function createServiceReads(getJson: GetJson) {
  const { user, order, notification } = serviceUrls();

  return {
    async users(ids: Keys): Promise<(WireUser | null)[]> {
      const body = await getJson<{ users: WireUser[] }>(user, '/users', { ids: ids.join(',') });
      const byId = new Map(body.users.map((found) => [found.id, found]));
      return ids.map((id) => byId.get(id) ?? null);
    },

    async orders(users: Keys): Promise<WireOrder[][]> {
      const parameters = { users: users.join(','), limit: LIST_LENGTH };
      const { lists } = await getJson<Lists<'orders', WireOrder>>(order, '/orders', parameters);
      const byUser = new Map(lists.map(({ userId, orders }) => [userId, orders]));
      return users.map((id) => byUser.get(id) ?? []);
    },

    async notifications(users: Keys): Promise<WireNotification[][]> {
      const parameters = { users: users.join(','), limit: LIST_LENGTH };
      const { lists } = await getJson<Lists<'notifications', WireNotification>>(
        notification,
        '/notifications',
        parameters,
      );
      const byUser = new Map(lists.map(({ userId, notifications }) => [userId, notifications]));
      return users.map((id) => byUser.get(id) ?? []);
    },

    async announcements() {
      type Body = { announcements: typeof announcements };
      return (await getJson<Body>(notification, '/announcements')).announcements;
    },

    async recentOrders(recent: number): Promise<WireOrder[]> {
      return (await getJson<{ orders: WireOrder[] }>(order, '/orders', { recent })).orders;
    },
  };
}
