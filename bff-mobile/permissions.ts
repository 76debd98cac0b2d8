import { authenticated, inherited, type PermissionTree } from '../src/auth/rules.ts';

export const permissions: PermissionTree = {
  Query: { dashboard: authenticated },
  Dashboard: {
    user: inherited,
    orders: inherited,
    notifications: inherited,
    announcements: inherited,
  },
};
