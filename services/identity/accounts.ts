import { CAST } from '../support/cast.ts';
import { PEOPLE } from '../user/seed.ts';

export interface Account {
  /** The user id of the user service. */
  readonly id: string;
  readonly name: string;
  readonly role: 'customer' | 'staff';
}

const OFFERED = [
  CAST.customer,
  CAST.otherCustomer,
  CAST.manyOrders,
  CAST.noOrders,
  CAST.rightToLeft,
  CAST.emoji,
  CAST.staff,
];

/** The users that the login page offers, all of them seeded in the user service. */
export const ACCOUNTS: readonly Account[] = OFFERED.map((id) => ({
  id,
  name: PEOPLE[id]?.name ?? id,
  role: id === CAST.staff ? 'staff' : 'customer',
}));

export const findAccount = (id: string): Account | undefined =>
  ACCOUNTS.find((account) => account.id === id);
