import { pageSize } from '../src/resolvers/page-size.ts';
import { signedIn } from '../src/resolvers/signed-in.ts';
import type { Resolvers } from './generated.ts';

const MAX_PAGE_SIZE = 20;

export const resolvers: Resolvers = {
  Query: {
    dashboard: (_parent, _args, context) => signedIn(context),
  },
  Dashboard: {
    user: ({ id }, _args, { datasources }) => datasources.users.byId(id),
    orders: async ({ id }, { first }, { datasources }) => {
      const page = await datasources.orders.byUser(id, { first: pageSize(first, MAX_PAGE_SIZE) });
      return page.edges.map(({ node }) => node);
    },
    notifications: async ({ id }, { first }, { datasources }) => {
      const page = await datasources.notifications.byUser(id, {
        first: pageSize(first, MAX_PAGE_SIZE),
      });
      return page.edges.map(({ node }) => node);
    },
    unreadCount: ({ id }, _args, { datasources }) => datasources.notifications.unreadCount(id),
    announcements: (_parent, _args, { datasources }) => datasources.notifications.announcements(),
  },
};
