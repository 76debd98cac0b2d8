import { pageSize } from '../src/resolvers/page-size.ts';
import { signedIn } from '../src/resolvers/signed-in.ts';
import type { Resolvers } from './generated.ts';

const MAX_PAGE_SIZE = 50;

export const resolvers: Resolvers = {
  Query: {
    me: (_parent, _args, context) => signedIn(context),
    order: (_parent, { id }, { datasources }) => datasources.orders.byId(id),
    recentOrders: (_parent, { first }, { datasources }) =>
      datasources.orders.recent(pageSize(first, MAX_PAGE_SIZE)),
  },
  Me: {
    user: ({ id }, _args, { datasources }) => datasources.users.byId(id),
    orders: async ({ id }, { first, after, status }, { datasources }) => {
      const request = { first: pageSize(first, MAX_PAGE_SIZE), after, status };
      const { edges, hasNextPage } = await datasources.orders.byUser(id, request);
      const next = hasNextPage ? (edges.at(-1)?.cursor ?? null) : null;
      return { orders: edges.map(({ node }) => node), next };
    },
  },
};
