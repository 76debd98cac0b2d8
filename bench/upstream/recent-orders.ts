import { holdingsOf, userIds, type WireOrder } from './data.ts';

/** As many orders as are asked for, each of another customer: the newest of the last accounts. */
export const recentOrders = (count: number): WireOrder[] =>
  userIds
    .slice(-count)
    .reverse()
    .map((userId) => holdingsOf(userId).orders[0] as WireOrder);
