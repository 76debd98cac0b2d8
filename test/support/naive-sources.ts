import type { Datasources } from '../../src/datasources/index.ts';
import type { Page } from '../../src/datasources/models.ts';
import { applied, rejected, toProblems } from '../../src/datasources/mutation-result.ts';
import { badCursor, checkId, fromCursor, toCursor } from '../../src/datasources/target.ts';
import { type BffError, notFound } from '../../src/errors.ts';
import type { Json } from './environment.ts';
import type { NaiveCall, NaiveReply } from './naive-call.ts';
import { toAnnouncement, toNotification, toOrder, toUser } from './naive-models.ts';

/** The wire's words for mistakes that have one of their own; all others are INVALID. */
const PROBLEMS = {
  blank: 'BLANK',
  too_long: 'TOO_LONG',
  not_a_url: 'INVALID_URL',
  unknown_locale: 'UNKNOWN_LOCALE',
  unknown: 'UNKNOWN_SKU',
  out_of_range: 'OUT_OF_RANGE',
  empty: 'EMPTY',
  too_many: 'TOO_MANY',
  unknown_currency: 'UNKNOWN_CURRENCY',
} as const;

/** The datasources that the fields of some BFF use. */
type NaiveDatasources = Pick<Datasources, 'users' | 'orders' | 'notifications'>;

/**
 * Datasources that make one call for each key, straight to the services: the single reads only, no
 * memo, no batches, no caches. Ids and cursors are checked as everywhere, because what is wrong with
 * them never reaches a service.
 */
export const naiveDatasources = (
  calls: Readonly<Record<'user' | 'order' | 'notification', NaiveCall>>,
): NaiveDatasources => ({
  users: naiveUsers(calls.user),
  orders: naiveOrders(calls.order),
  notifications: naiveNotifications(calls.notification),
});

const naiveUsers = (call: NaiveCall): Datasources['users'] => ({
  byId: async (id) =>
    call.read(`/users/${checkId(id)}`, ({ status, body }) => {
      if (status === 410 && body.code === 'deleted') return null;
      return toUser(found(status, body, notFound('user')));
    }),
  async page({ search, first, after }) {
    const cursor = fromCursor('users', after);
    const path = `/users?${toSearch({ search, limit: first, cursor })}`;
    return call.read(path, readPage('users', 'users', cursor, toUser));
  },
  async update(id, json) {
    const change = { method: 'PATCH', path: `/users/${checkId(id)}`, json } as const;
    return call.write(change, ({ status, body }) => {
      if (status === 422)
        return rejected(toProblems(body, PROBLEMS, ['name', 'avatarUrl', 'locale']));
      if (status === 410) throw notFound('user');
      return applied(toUser(found(status, body, notFound('user'))));
    });
  },
});

const naiveOrders = (call: NaiveCall): Datasources['orders'] => ({
  byId: async (id) =>
    call.read(`/orders/${checkId(id)}`, ({ status, body }) =>
      toOrder(found(status, body, notFound('order'))),
    ),
  async byUser(userId, { first, after, status }) {
    const user = checkId(userId);
    const cursor = fromCursor('orders', after);
    const parameters = { user, limit: first, cursor, status: status?.toLowerCase() };
    return call.read(
      `/orders?${toSearch(parameters)}`,
      readPage('orders', 'orders', cursor, toOrder),
    );
  },
  recent: async (first) =>
    call.read(`/orders?recent=${first}`, (reply) => expect(reply).orders.map(toOrder)),
  async place(userId, { idempotencyKey, ...rest }) {
    const json = { userId: checkId(userId), ...rest };
    const headers = { 'idempotency-key': idempotencyKey };
    const change = { method: 'POST', path: '/orders', json, headers } as const;
    return call.write(change, ({ status, body }) => {
      if (status === 422) return rejected(toProblems(body, PROBLEMS, ['currency', 'items']));
      if (status === 409) {
        return rejected([{ code: 'IDEMPOTENCY_KEY_REUSED', field: ['idempotencyKey'] }]);
      }
      return applied(toOrder(expect({ status, body })));
    });
  },
  async cancel(id) {
    const change = { method: 'POST', path: `/orders/${checkId(id)}/cancel` } as const;
    return call.write(change, ({ status, body }) => {
      if (status === 409) return rejected([{ code: 'NOT_CANCELLABLE', field: ['id'] }]);
      return applied(toOrder(found(status, body, notFound('order'))));
    });
  },
});

const naiveNotifications = (call: NaiveCall): Datasources['notifications'] => ({
  async byUser(userId, { first, after, unreadOnly }) {
    const user = checkId(userId);
    const cursor = fromCursor('notifications', after);
    const unread = unreadOnly ? 'true' : undefined;
    const path = `/notifications?${toSearch({ user, limit: first, cursor, unread })}`;
    return call.read(path, readPage('notifications', 'notifications', cursor, toNotification));
  },
  unreadCount: async (userId) =>
    call.read(`/unread?user=${checkId(userId)}`, (reply) => {
      const { count } = expect(reply);
      if (typeof count !== 'number') throw new Error('no count');
      return count;
    }),
  announcements: async () =>
    call.read('/announcements', (reply) => expect(reply).announcements.map(toAnnouncement)),
  async markRead(userId, ids) {
    const json = { userId: checkId(userId), ids: ids.map(checkId) };
    const change = { method: 'POST', path: '/notifications/read', json } as const;
    return call.write(change, (reply) => {
      const { notifications, missing } = expect(reply);
      const problems = ids.flatMap((id, index) =>
        missing.includes(id) ? [{ code: 'NOT_FOUND' as const, field: [String(index)] }] : [],
      );
      return { value: notifications.map(toNotification), problems };
    });
  },
});

/** @throws Error unless the call was answered as it was asked */
function expect({ status, body }: NaiveReply): Json {
  if (status !== 200 && status !== 201) throw new Error(`unexpected status ${status}`);
  return body;
}

/** @throws `missing` if the service says that there is none; a damaged answer says nothing */
function found(status: number, body: Json, missing: BffError): Json {
  if (status === 404 && body.code === 'not_found') throw missing;
  return expect({ status, body });
}

const readPage =
  <T>(list: string, name: string, cursor: string | null, toNode: (wire: Json) => T) =>
  ({ status, body }: NaiveReply): Page<T> => {
    if (status === 400 && cursor !== null) throw badCursor();
    const { [name]: items, nextCursor } = expect({ status, body });
    return {
      edges: items.map((wire: Json) => ({
        cursor: toCursor(list, wire.cursor),
        node: toNode(wire),
      })),
      hasNextPage: nextCursor !== null,
    };
  };

const toSearch = (parameters: Record<string, string | number | null | undefined>): string =>
  new URLSearchParams(
    Object.entries(parameters).flatMap(([name, value]) =>
      value == null ? [] : [[name, String(value)]],
    ),
  ).toString();
