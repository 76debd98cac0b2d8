import { userDataOf, userIds, type WireOrder } from './data.ts';

/** The newest order of each of the last `count` accounts, so that every order has another customer. */
export const recentOrders = (count: number): WireOrder[] =>
  userIds
    .slice(-count)
    .reverse()
    .map((userId) => userDataOf(userId).orders[0] as WireOrder);
