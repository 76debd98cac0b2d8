import { announcements, holdingsOf, userIds, userOf } from './data.ts';
import { recentOrders } from './recent-orders.ts';

/** One user's part of each answer, as JSON bytes. */
interface Fragments {
  readonly user: Buffer;
  readonly orderPage: Buffer;
  readonly orderList: Buffer;
  readonly notificationPage: Buffer;
  readonly notificationList: Buffer;
  readonly unread: Buffer;
  readonly unreadEntry: Buffer;
}

type Part = keyof Fragments;

const COMMA = Buffer.from(',');
const ANY_USER = /^\d{1,9}$/;

const MOST_RECENT = 50;

const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/**
 * Every answer is put together from bytes that were made once, so that JSON costs nothing here. Any
 * other number is a user as well, of whom there is nothing but the account.
 */
export function createFragments() {
  const byUser = new Map(userIds.map((userId) => [userId, fragmentsOf(userId)]));
  const renamed = new Map<string, Buffer>();
  const recent = bytes({ orders: recentOrders(MOST_RECENT) });

  function find(part: Part, userId: string): Buffer | undefined {
    if (part !== 'user') return byUser.get(userId)?.[part];
    const made = renamed.get(userId) ?? byUser.get(userId)?.user;
    return made ?? (ANY_USER.test(userId) ? bytes(userOf(userId)) : undefined);
  }

  return {
    announcements: [bytes({ announcements })],

    /** @returns undefined for another number than the one that is kept ready */
    recent: (count: number): Buffer[] | undefined => (count === MOST_RECENT ? [recent] : undefined),

    /** @returns one user's part; undefined for a user that is not known */
    single(part: Part, userId: string): Buffer[] | undefined {
      const found = find(part, userId);
      return found && [found];
    },

    /** @returns the parts of those users that are known, once each, between the two ends */
    batch(part: Part, ids: readonly string[], ends: { open: Buffer; close: Buffer }): Buffer[] {
      const pieces = [ends.open];
      for (const id of new Set(ids)) {
        const found = find(part, id);
        if (found) pieces.push(found, COMMA);
      }
      if (pieces.length > 1) pieces.pop();
      pieces.push(ends.close);
      return pieces;
    },

    /** From now on the user has this name, whatever the bytes say that were made before. */
    rename(userId: string, name: string): void {
      renamed.set(userId, bytes({ ...userOf(userId), name }));
    },
  };
}

function fragmentsOf(userId: string): Fragments {
  const { user, orders, notifications, unread } = holdingsOf(userId);
  return {
    user: bytes(user),
    orderPage: bytes({ orders, nextCursor: null }),
    orderList: bytes({ userId, orders, nextCursor: null }),
    notificationPage: bytes({ notifications, nextCursor: null }),
    notificationList: bytes({ userId, notifications, nextCursor: null }),
    unread: bytes({ count: unread }),
    unreadEntry: bytes({ userId, count: unread }),
  };
}
