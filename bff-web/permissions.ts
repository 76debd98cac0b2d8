import {
  authenticated,
  inherited,
  ownerOrStaff,
  type PermissionTree,
  staff,
} from '../src/auth/rules.ts';
import type { User } from '../src/datasources/models.ts';
import { ownOrderById } from '../src/resolvers/order/permissions.ts';

export const permissions: PermissionTree = {
  Query: {
    viewer: authenticated,
    order: ownOrderById,
    recentOrders: staff,
    customers: staff,
  },
  Viewer: { user: inherited, orders: inherited, notifications: inherited },
  User: { orders: ownerOrStaff<User, unknown>('user', ({ id }) => id) },
  UserConnection: { edges: inherited, pageInfo: inherited },
  UserEdge: { node: inherited },
  OrderConnection: { edges: inherited, pageInfo: inherited },
  OrderEdge: { node: inherited },
  NotificationConnection: { edges: inherited, pageInfo: inherited },
  NotificationEdge: { node: inherited },
};
