// The upstream's data in wire format (services/*/openapi.yaml). It follows from the user id alone, so
// every process computes the same.

export const USER_COUNT = 1_000;
export const LIST_LENGTH = 10;

const FIRST_USER_ID = 10_000;
const ITEMS_PER_ORDER = 3;
const ANNOUNCEMENT_COUNT = 12;
const STATUSES = ['placed', 'shipped', 'delivered', 'cancelled'];
const CURRENCIES = ['USD', 'EUR', 'GBP', 'JPY'];
const KINDS = ['order_update', 'promotion', 'account'];
const LOCALES = ['de-DE', 'en-GB', 'pt-BR', 'ja-JP'];
const GOODS = ['Stoneware cup', 'Linen tea towels, pair', 'Wool felt desk mat', 'Beeswax candle'];
const TITLES = ['Your order is on its way', 'A week of fair prices', 'New sign-in'];
/** Account dates repeat after this many users, because years must have four digits. */
const SEED_COUNT = 10_000;
const START_MS = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;

export type WireUser = ReturnType<typeof toUser>;
export type WireOrder = ReturnType<typeof toOrder>;
export type WireNotification = ReturnType<typeof toNotification>;

/** Everything that belongs to one user; lists are newest first. */
export interface UserData {
  readonly user: WireUser;
  readonly orders: readonly WireOrder[];
  readonly notifications: readonly WireNotification[];
  readonly unread: number;
}

export const userIds: readonly string[] = Array.from({ length: USER_COUNT }, (_, index) =>
  String(FIRST_USER_ID + index),
);

/** The account of a user. Any number is a valid id. */
export const userOf = (userId: string): WireUser => toUser(userId, seedOf(userId));

export function userDataOf(userId: string): UserData {
  const seed = seedOf(userId);
  const places = Array.from({ length: LIST_LENGTH }, (_, index) => index);
  const notifications = places.map((place) => toNotification(userId, seed, place));
  return {
    user: toUser(userId, seed),
    orders: places.map((place) => toOrder(userId, seed, place)),
    notifications,
    unread: notifications.filter(({ readAt }) => readAt === null).length,
  };
}

/** Newest first; about 2.5 kB in all. */
export const announcements = Array.from({ length: ANNOUNCEMENT_COUNT }, (_, place) => ({
  id: `a${ANNOUNCEMENT_COUNT - place}`,
  title: 'Longer opening hours',
  body: 'From Monday on the desk is open until ten in the evening, and on Saturdays, as every year before the summer, until two.',
  publishedAt: timeOf(0, place),
}));

function toUser(id: string, seed: number) {
  return {
    id,
    name: `Robin Example ${id}`,
    email: `robin.${id}@example.com`,
    avatarUrl: `https://images.example.com/users/${id}.png`,
    locale: pick(LOCALES, seed),
    createdAt: timeOf(seed, 999),
  };
}

function toOrder(userId: string, seed: number, place: number) {
  const currency = pick(CURRENCIES, seed);
  const items = Array.from({ length: ITEMS_PER_ORDER }, (_, line) => ({
    sku: `K${(seed * 7 + place * ITEMS_PER_ORDER + line) % 100}`,
    name: pick(GOODS, seed + line),
    quantity: 1 + ((seed + place + line) % 5),
    unitPrice: { amount: 1_000 + ((seed * 37 + line * 11) % 9_000), currency },
  }));
  const amount = items.reduce((sum, item) => sum + item.quantity * item.unitPrice.amount, 0);
  const status = pick(STATUSES, seed + place);
  return {
    id: `${userId}${place}`,
    userId,
    status,
    total: { amount, currency },
    items,
    placedAt: timeOf(seed, place),
    carrier: status === 'placed' ? null : 'Blue Van',
    cursor: toCursor(userId, place),
  };
}

function toNotification(userId: string, seed: number, place: number) {
  return {
    id: `n${userId}${place}`,
    userId,
    kind: pick(KINDS, seed + place),
    title: pick(TITLES, seed + place),
    body: 'Open the app to see what is new since you were here, and what to do next.',
    createdAt: timeOf(seed, place),
    readAt: place % 2 ? timeOf(seed, place - 1) : null,
    cursor: toCursor(userId, place),
  };
}

const seedOf = (userId: string) => Math.abs(Number(userId) - FIRST_USER_ID) % SEED_COUNT;

const pick = (from: readonly string[], index: number) => from[index % from.length] as string;

const toCursor = (userId: string, place: number) =>
  Buffer.from(JSON.stringify([START_MS, Number(`${userId}${place}`)])).toString('base64url');

/** A later place in a list is an earlier time. */
function timeOf(seed: number, place: number): string {
  return new Date(START_MS + (seed - place) * HOUR_MS).toISOString();
}
