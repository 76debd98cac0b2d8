import type { WireOrder } from '../../upstream/data.ts';
import type { Viewer } from '../token-verifier.ts';
import type { Loaders } from './loaders.ts';
import type { ServiceReads } from './service-reads.ts';

export interface Context {
  readonly viewer: Viewer | undefined;
  readonly loaders: Loaders;
  readonly reads: ServiceReads;
}

type Dashboard = { readonly id: string };

export const ENUMS = {
  OrderStatus: {
    PLACED: 'placed',
    SHIPPED: 'shipped',
    DELIVERED: 'delivered',
    CANCELLED: 'cancelled',
  },
  NotificationKind: { ORDER_UPDATE: 'order_update', PROMOTION: 'promotion', ACCOUNT: 'account' },
};

const announcements = (_parent: unknown, _args: unknown, { reads }: Context) =>
  reads.announcements();

const mobile = {
  ...ENUMS,
  Query: {
    announcements,
    dashboard: (_parent: unknown, _args: unknown, { viewer }: Context) => ({ id: viewer?.id }),
  },
  Dashboard: {
    user: ({ id }: Dashboard, _args: unknown, { loaders }: Context) => loaders.users.load(id),
    orders: ({ id }: Dashboard, _args: unknown, { loaders }: Context) => loaders.orders.load(id),
    notifications: ({ id }: Dashboard, _args: unknown, { loaders }: Context) =>
      loaders.notifications.load(id),
  },
};

const web = {
  ...ENUMS,
  Query: {
    announcements,
    recentOrders: (_parent: unknown, { first }: { first: number }, { reads }: Context) =>
      reads.recentOrders(first),
  },
  Order: {
    customer: ({ userId }: WireOrder, _args: unknown, { loaders }: Context) =>
      loaders.users.load(userId),
  },
};

/** By the BFF whose schema they resolve. */
export const RESOLVERS = { mobile, web };
