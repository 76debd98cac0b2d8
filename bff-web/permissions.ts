import {
  anyone,
  authenticated,
  byType,
  inherited,
  ownerOrStaff,
  type PermissionTree,
  type ShieldRule,
  scoped,
  staff,
} from '../src/auth/rules.ts';
import type { RequestContext } from '../src/context.ts';
import type { User } from '../src/datasources/models.ts';
import { ownerOfOrder } from '../src/resolvers/order/permissions.ts';
import type { QueryNodeArgs } from './generated.ts';
import { type NodeType, parseNodeId } from './node.ts';

/** By the type of the object, what the fields that return one of them require. */
const nodeRules: Readonly<Record<NodeType, ShieldRule>> = {
  Announcement: anyone,
  Notification: authenticated('notifications:read'),
  Order: ownerOrStaff(
    'order',
    (parent, { id }: QueryNodeArgs, context: RequestContext) =>
      ownerOfOrder(parent, parseNodeId(id), context),
    'orders:read',
  ),
  Profile: anyone,
  User: ownerOrStaff(
    'user',
    (_parent, { id }: QueryNodeArgs) => parseNodeId(id).id,
    'profile:read',
  ),
  Viewer: authenticated('profile:read', 'orders:read', 'notifications:read'),
};

export const permissions: PermissionTree = {
  Query: {
    viewer: authenticated('profile:read', 'orders:read', 'notifications:read'),
    node: byType(({ id }: QueryNodeArgs) => parseNodeId(id).type, nodeRules),
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
