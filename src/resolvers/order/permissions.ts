import {
  authenticated,
  inherited,
  ownerOrStaff,
  ownerStaffOrPartner,
  type PermissionTree,
} from '../../auth/rules.ts';
import type { RequestContext } from '../../context.ts';
import type { Order } from '../../datasources/models.ts';

/** Whose order it is, for rules of fields that take its id. */
export const ownerOfOrder = async (
  _parent: unknown,
  { id }: { id: string },
  { datasources }: RequestContext,
): Promise<string> => (await datasources.orders.byId(id)).customerId;

const ownerOf = ({ customerId }: Order) => customerId;

export const permissions: PermissionTree = {
  Mutation: {
    placeOrder: authenticated('orders:write'),
    cancelOrder: ownerOrStaff('order', ownerOfOrder, 'orders:write'),
  },
  Order: {
    total: inherited,
    items: inherited,
    customer: ownerStaffOrPartner('user', ownerOf, 'profile:read'),
  },
  OrderItem: { unitPrice: inherited },
  PlaceOrderPayload: { order: inherited, userErrors: inherited },
  CancelOrderPayload: { order: inherited, userErrors: inherited },
};
