import type { DatabaseSync } from 'node:sqlite';
import {
  BASE_TIME_MS,
  CAST,
  CUSTOMER_NOTIFICATIONS,
  CUSTOMER_UNREAD,
  DAY_MS,
  SEEDED_USERS,
} from '../support/cast.ts';
import { createRandom, type Random } from '../support/random.ts';
import { INSERT, type Kind } from './model.ts';
import { TEXTS } from './texts.ts';

const YEAR_SECONDS = (365 * DAY_MS) / 1000;
const COUNTS: Record<string, number> = {
  [CAST.noOrders]: 0,
  [CAST.customer]: CUSTOMER_NOTIFICATIONS,
};

export function seedNotifications(db: DatabaseSync): void {
  const insert = db.prepare(INSERT);
  let id = 50_000;
  for (let user = 1; user <= SEEDED_USERS; user += 1) {
    const random = createRandom(user + 2_000_000);
    const count = COUNTS[user] ?? random.skewedInt(60);
    // Sorted oldest first, so that the ids of each user increase with time.
    timesOf(count, random).forEach((createdAt, index) => {
      const isUnread =
        String(user) === CAST.customer ? isCustomerUnread(index) : random.chance(1 / 3);
      const readAt = createdAt + random.int(60, 172_800) * 1000;
      const kind = kindOf(random.next());
      const [title, body] = random.pick(TEXTS[kind]);
      id += 1;
      const read = isUnread ? null : Math.min(readAt, BASE_TIME_MS);
      insert.run(id, String(user), kind, title, body, createdAt, read);
    });
  }
}

/** Spreads the customer's unread notifications evenly over the list. */
function isCustomerUnread(index: number): boolean {
  const share = CUSTOMER_UNREAD / CUSTOMER_NOTIFICATIONS;
  return Math.floor((index + 1) * share) > Math.floor(index * share);
}

function timesOf(count: number, random: Random): number[] {
  const times = Array.from(
    { length: count },
    () => BASE_TIME_MS - random.int(60, YEAR_SECONDS) * 1000,
  );
  // Some have the same time, as if a batch job had sent them.
  const newest = times[0];
  if (newest !== undefined && count > 3) times[1] = times[2] = newest;
  return times.sort((a, b) => a - b);
}

function kindOf(draw: number): Kind {
  if (draw < 0.55) return 'order_update';
  return draw < 0.85 ? 'promotion' : 'account';
}
