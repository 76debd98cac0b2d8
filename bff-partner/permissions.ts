import {
  authenticated,
  inherited,
  ownerStaffOrPartner,
  type PermissionTree,
  scoped,
  staffOrPartner,
} from '../src/auth/rules.ts';
import { ownerOfOrder } from '../src/resolvers/order/permissions.ts';

export const permissions: PermissionTree = {
  Query: {
    me: authenticated('profile:read', 'orders:read'),
    order: ownerStaffOrPartner('order', ownerOfOrder, 'orders:read'),
    recentOrders: staffOrPartner('orders:read'),
  },
  Me: { user: scoped('profile:read'), orders: scoped('orders:read') },
  OrderPage: { orders: inherited },
};
