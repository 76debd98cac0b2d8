/** Seeded users that tests and demos rely on; services/README.md describes each of them. */
export const CAST = {
  staff: '1',
  noOrders: '7',
  longName: '8',
  rightToLeft: '9',
  emoji: '10',
  manyOrders: '11',
  deleted: '13',
  customer: '42',
  otherCustomer: '43',
} as const;

export const SEEDED_USERS = 1000;

/** Users with the ids of identity providers, in any printable form. `a` and `b` are not `a,b`. */
export const EXTERNAL_USERS = [
  'auth0|42',
  'mia@example.com',
  'https://id.example/u?x=1&y',
  'a,b',
  'a',
  'b',
  '100%',
  "o'neil (née *)!~.",
  '陽翔 🦊',
] as const;

/** The seeded data of user 42. */
export const CUSTOMER_ORDERS = 23;
export const CUSTOMER_NOTIFICATIONS = 30;
export const CUSTOMER_UNREAD = 12;

export const MANY_ORDERS = 40;

/** The latest time in the seed, in milliseconds since the epoch. */
export const BASE_TIME_MS = Date.UTC(2026, 5, 1, 9);

export const DAY_MS = 86_400_000;
