import { authenticated, inherited, ownerOrStaff, type PermissionTree } from '../../auth/rules.ts';
import type { Order } from '../../datasources/models.ts';

/** For fields that take the id of an order. */
export const ownOrderById = ownerOrStaff<unknown, { id: string }>(
  'order',
  async (_parent, { id }, { datasources }) => (await datasources.orders.byId(id)).customerId,
);

export const permissions: PermissionTree = {
  Mutation: { placeOrder: authenticated, cancelOrder: ownOrderById },
  Order: {
    total: inherited,
    items: inherited,
    customer: ownerOrStaff<Order, unknown>('user', ({ customerId }) => customerId),
  },
  OrderItem: { unitPrice: inherited },
  PlaceOrderPayload: { order: inherited, userErrors: inherited },
  CancelOrderPayload: { order: inherited, userErrors: inherited },
};
