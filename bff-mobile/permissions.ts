import { authenticated, inherited, type PermissionTree, scoped } from '../src/auth/rules.ts';

export const permissions: PermissionTree = {
  Query: { dashboard: authenticated('profile:read', 'orders:read', 'notifications:read') },
  Dashboard: {
    user: scoped('profile:read'),
    orders: scoped('orders:read'),
    notifications: scoped('notifications:read'),
    unreadCount: scoped('notifications:read'),
    announcements: inherited,
  },
};
