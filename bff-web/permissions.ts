import {
  authenticated,
  inherited,
  ownerOrStaff,
  type PermissionTree,
  scoped,
  staff,
} from '../src/auth/rules.ts';
import type { User } from '../src/datasources/models.ts';
import { ownerOfOrder } from '../src/resolvers/order/permissions.ts';

export const permissions: PermissionTree = {
  Query: {
    viewer: authenticated('profile:read', 'orders:read', 'notifications:read'),
    order: ownerOrStaff('order', ownerOfOrder, 'orders:read'),
    recentOrders: staff('orders:read'),
    customers: staff('profile:read'),
  },
  Viewer: {
    user: scoped('profile:read'),
    orders: scoped('orders:read'),
    notifications: scoped('notifications:read'),
    unreadCount: scoped('notifications:read'),
  },
  User: { orders: ownerOrStaff('user', ({ id }: User) => id, 'orders:read') },
  UserConnection: { edges: inherited, pageInfo: inherited },
  UserEdge: { node: inherited },
  OrderConnection: { edges: inherited, pageInfo: inherited },
  OrderEdge: { node: inherited },
  NotificationConnection: { edges: inherited, pageInfo: inherited },
  NotificationEdge: { node: inherited },
};
