import type { DatabaseSync } from 'node:sqlite';
import {
  BASE_TIME_MS,
  CAST,
  CUSTOMER_ORDERS,
  DAY_MS,
  MANY_ORDERS,
  SEEDED_USERS,
} from '../support/cast.ts';
import { createRandom, type Random } from '../support/random.ts';
import { CATALOGUE, CURRENCIES, type Currency, toItem } from './catalogue.ts';
import { INSERT, type OrderStatus, sum } from './model.ts';

const TWO_YEARS_MS = 2 * 365 * DAY_MS;
const FIRST_ID = 10_001;
const CARRIERS = ['DHL', 'UPS', 'La Poste', 'Yamato Transport', 'Royal Mail', 'PostNord'];

/** The fixed part of a user's orders; the rest is random. */
type Spec = { count?: number; currency?: Currency; newest?: OrderStatus[]; newestAt?: number };

const SPECS: Record<string, Spec> = {
  [CAST.customer]: {
    count: CUSTOMER_ORDERS,
    currency: 'GBP',
    newest: ['placed', 'shipped', 'delivered', 'cancelled'],
  },
  [CAST.otherCustomer]: { count: 5, currency: 'EUR', newest: ['placed', 'shipped', 'delivered'] },
  [CAST.noOrders]: { count: 0 },
  [CAST.manyOrders]: {
    count: MANY_ORDERS,
    currency: 'JPY',
    newest: ['placed', 'placed', 'shipped'],
  },
  // Among the fifty newest orders of all users, so that recent orders include a deleted customer.
  [CAST.deleted]: { count: 6, newest: ['placed'], newestAt: BASE_TIME_MS - DAY_MS / 24 / 12 },
};

type Seeded = {
  userId: string;
  placedAt: number;
  status: OrderStatus;
  random: Random;
  currency: Currency;
};

/** All possible lines, serialised once rather than for each of twenty thousand orders. */
const LINES: Record<Currency, { json: string; amount: number }[]> = {
  USD: linesIn('USD'),
  EUR: linesIn('EUR'),
  GBP: linesIn('GBP'),
  JPY: linesIn('JPY'),
};

export function seedOrders(db: DatabaseSync): void {
  const insert = db.prepare(INSERT);
  const seeded: Seeded[] = [];
  for (let user = 1; user <= SEEDED_USERS; user += 1)
    seeded.push(...ordersOf(String(user)).reverse());
  // Ids increase with time, as in a real service.
  seeded.sort((a, b) => a.placedAt - b.placedAt);

  seeded.forEach(({ userId, placedAt, status, random, currency: usual }, index) => {
    const currency = random.chance(0.85) ? usual : random.pick(CURRENCIES);
    const lines = Array.from({ length: random.int(1, 5) }, () => random.pick(LINES[currency]));
    const hasLeft = status === 'shipped' || status === 'delivered';
    const carrier = hasLeft ? random.pick(CARRIERS) : null;
    const amount = lines.reduce((total, line) => total + line.amount, 0);
    const items = `[${lines.map(({ json }) => json).join(',')}]`;
    const values = [amount, currency, items, placedAt, carrier] as const;
    insert.run(FIRST_ID + index, userId, status, ...values);
  });
}

function ordersOf(userId: string): Seeded[] {
  const random = createRandom(Number(userId) + 1_000_000);
  const spec = SPECS[userId] ?? {};
  const count = spec.count ?? random.skewedInt(40);
  const currency = spec.currency ?? random.pick(CURRENCIES);
  return timesOf(count, spec, random).map((placedAt, index) => {
    const status = spec.newest?.[index] ?? statusAt(BASE_TIME_MS - placedAt, random);
    return { userId, placedAt, status, random, currency };
  });
}

/** Sorted newest first. Some are equal: a cursor of the time alone would skip or repeat orders. */
function timesOf(count: number, { newestAt }: Spec, random: Random): number[] {
  const times = Array.from(
    { length: count },
    () => BASE_TIME_MS - random.int(3600, TWO_YEARS_MS / 1000) * 1000,
  );
  times.sort((a, b) => b - a);
  if (newestAt !== undefined) times[0] = newestAt;
  for (let index = 4; index < count; index += 1) {
    const isTie = index === 4 || index === 5 || random.chance(0.05);
    if (isTie) times[index] = times[index - 1] ?? BASE_TIME_MS;
  }
  return times.sort((a, b) => b - a);
}

function statusAt(ageMs: number, random: Random): OrderStatus {
  if (random.chance(0.1)) return 'cancelled';
  if (ageMs < 7 * DAY_MS) return random.chance(0.7) ? 'placed' : 'shipped';
  if (ageMs < 21 * DAY_MS) return random.chance(0.75) ? 'shipped' : 'delivered';
  return 'delivered';
}

function linesIn(currency: Currency) {
  return CATALOGUE.flatMap((product) =>
    [1, 1, 1, 1, 1, 1, 2, 2, 3, 4].map((quantity) => {
      const item = toItem(product, quantity, currency);
      return { json: JSON.stringify(item), amount: sum([item]) };
    }),
  );
}
