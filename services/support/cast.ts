/** Seeded users that tests and demos may rely on; services/README.md says what each is for. */
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

/** What user 42 starts with. */
export const CUSTOMER_ORDERS = 23;
export const CUSTOMER_NOTIFICATIONS = 30;
export const CUSTOMER_UNREAD = 12;

export const MANY_ORDERS = 40;

/** The "today" of the seed: nothing seeded is younger. Milliseconds. */
export const BASE_DATE = Date.UTC(2026, 5, 1, 9);

export const DAY = 86_400_000;
