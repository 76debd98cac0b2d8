import { announcements, userDataOf, userIds, userOf } from './data.ts';
import { recentOrders } from './recent-orders.ts';

/** One user's part of each response body, as JSON bytes. */
interface UserParts {
  readonly user: Buffer;
  readonly orderPage: Buffer;
  readonly orderList: Buffer;
  readonly notificationPage: Buffer;
  readonly notificationList: Buffer;
  readonly unread: Buffer;
  readonly unreadEntry: Buffer;
}

type PartName = keyof UserParts;

const COMMA = Buffer.from(',');
const USER_ID = /^\d{1,9}$/;

const RECENT_COUNT = 50;

const toJsonBytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/**
 * Assembles response bodies from bytes that are serialised once at the start, so that no call pays for
 * JSON. Any other number is a valid user id too, of a user with an account and nothing else.
 */
export function createResponseParts() {
  const byUser = new Map(userIds.map((userId) => [userId, partsOf(userId)]));
  const renamedUsers = new Map<string, Buffer>();
  const recent = toJsonBytes({ orders: recentOrders(RECENT_COUNT) });

  function find(part: PartName, userId: string): Buffer | undefined {
    if (part !== 'user') return byUser.get(userId)?.[part];
    const prepared = renamedUsers.get(userId) ?? byUser.get(userId)?.user;
    return prepared ?? (USER_ID.test(userId) ? toJsonBytes(userOf(userId)) : undefined);
  }

  return {
    announcements: [toJsonBytes({ announcements })],

    /** @returns undefined for any count but the prepared one */
    recent: (count: number): Buffer[] | undefined =>
      count === RECENT_COUNT ? [recent] : undefined,

    /** @returns one user's part; undefined for an unknown user */
    single(part: PartName, userId: string): Buffer[] | undefined {
      const found = find(part, userId);
      return found && [found];
    },

    /** @returns the parts of the known users, each once, between `open` and `close` */
    batch(part: PartName, ids: readonly string[], ends: { open: Buffer; close: Buffer }): Buffer[] {
      const pieces = [ends.open];
      for (const id of new Set(ids)) {
        const found = find(part, id);
        if (found) pieces.push(found, COMMA);
      }
      if (pieces.length > 1) pieces.pop();
      pieces.push(ends.close);
      return pieces;
    },

    /** Changes a user's name in all later responses. */
    rename(userId: string, name: string): void {
      renamedUsers.set(userId, toJsonBytes({ ...userOf(userId), name }));
    },
  };
}

function partsOf(userId: string): UserParts {
  const { user, orders, notifications, unread } = userDataOf(userId);
  return {
    user: toJsonBytes(user),
    orderPage: toJsonBytes({ orders, nextCursor: null }),
    orderList: toJsonBytes({ userId, orders, nextCursor: null }),
    notificationPage: toJsonBytes({ notifications, nextCursor: null }),
    notificationList: toJsonBytes({ userId, notifications, nextCursor: null }),
    unread: toJsonBytes({ count: unread }),
    unreadEntry: toJsonBytes({ userId, count: unread }),
  };
}
