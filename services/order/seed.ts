import type { DatabaseSync } from 'node:sqlite';
import {
  BASE_DATE,
  CAST,
  CUSTOMER_ORDERS,
  DAY,
  MANY_ORDERS,
  SEEDED_USERS,
} from '../support/cast.ts';
import { createRandom, type Random } from '../support/random.ts';
import { CATALOGUE, CURRENCIES, type Currency, toItem } from './catalogue.ts';
import { INSERT, type OrderStatus, sum } from './model.ts';

const TWO_YEARS = 2 * 365 * DAY;
const FIRST_ID = 10_001;
const CARRIERS = ['DHL', 'UPS', 'La Poste', 'Yamato Transport', 'Royal Mail', 'PostNord'];

type Script = { count?: number; home?: Currency; newest?: OrderStatus[]; newestAt?: number };

const SCRIPTS: Record<string, Script> = {
  [CAST.customer]: {
    count: CUSTOMER_ORDERS,
    home: 'GBP',
    newest: ['placed', 'shipped', 'delivered', 'cancelled'],
  },
  [CAST.otherCustomer]: { count: 5, home: 'EUR', newest: ['placed', 'shipped', 'delivered'] },
  [CAST.noOrders]: { count: 0 },
  [CAST.manyOrders]: { count: MANY_ORDERS, home: 'JPY', newest: ['placed', 'placed', 'shipped'] },
  // Among the fifty newest of all, so that a list of recent orders meets a deleted customer.
  [CAST.deleted]: { count: 6, newest: ['placed'], newestAt: BASE_DATE - DAY / 24 / 12 },
};

type Seeded = {
  userId: string;
  placedAt: number;
  status: OrderStatus;
  random: Random;
  home: Currency;
};

/** Every line that may be drawn, printed once rather than for each of twenty thousand orders. */
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
  // Ids rise with time, as they would have.
  seeded.sort((a, b) => a.placedAt - b.placedAt);

  seeded.forEach(({ userId, placedAt, status, random, home }, index) => {
    const currency = random.chance(0.85) ? home : random.pick(CURRENCIES);
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
  const script = SCRIPTS[userId] ?? {};
  const count = script.count ?? random.few(40);
  const home = script.home ?? random.pick(CURRENCIES);
  return timesOf(count, script, random).map((placedAt, index) => {
    const status = script.newest?.[index] ?? statusAt(BASE_DATE - placedAt, random);
    return { userId, placedAt, status, random, home };
  });
}

/** Newest first. Some are equal, so that a cursor of time alone would skip or repeat orders. */
function timesOf(count: number, { newestAt }: Script, random: Random): number[] {
  const times = Array.from(
    { length: count },
    () => BASE_DATE - random.int(3600, TWO_YEARS / 1000) * 1000,
  );
  times.sort((a, b) => b - a);
  if (newestAt !== undefined) times[0] = newestAt;
  for (let index = 4; index < count; index += 1) {
    const isTie = index === 4 || index === 5 || random.chance(0.05);
    if (isTie) times[index] = times[index - 1] ?? BASE_DATE;
  }
  return times.sort((a, b) => b - a);
}

function statusAt(age: number, random: Random): OrderStatus {
  if (random.chance(0.1)) return 'cancelled';
  if (age < 7 * DAY) return random.chance(0.7) ? 'placed' : 'shipped';
  if (age < 21 * DAY) return random.chance(0.75) ? 'shipped' : 'delivered';
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
