import type { RequestContext } from '../src/context.ts';
import { badInput } from '../src/errors.ts';
import { pageSize } from '../src/resolvers/page-size.ts';
import { signedIn } from '../src/resolvers/signed-in.ts';
import { toConnection } from './connection.ts';
import type { RequireFields, Resolvers, ViewerOrdersArgs } from './generated.ts';
import { node, nodeIdOf } from './node.ts';

const MAX_PAGE_SIZE = 50;
const MAX_SEARCH_LENGTH = 100;

type OrdersArgs = RequireFields<ViewerOrdersArgs, 'first'>;

async function ordersOf({ id }: { id: string }, args: OrdersArgs, context: RequestContext) {
  const { first, after, status } = args;
  const { orders } = context.datasources;
  return toConnection(
    await orders.byUser(id, { first: pageSize(first, MAX_PAGE_SIZE), after, status }),
    after,
  );
}

export const resolvers: Resolvers = {
  Query: {
    viewer: (_parent, _args, context) => signedIn(context),
    node,
    order: (_parent, { id }, { datasources }) => datasources.orders.byId(id),
    recentOrders: (_parent, { first }, { datasources }) =>
      datasources.orders.recent(pageSize(first, MAX_PAGE_SIZE)),
    customers: async (_parent, { search, first, after }, { datasources }) => {
      if (search && [...search].length > MAX_SEARCH_LENGTH) {
        throw badInput(`"search" must have at most ${MAX_SEARCH_LENGTH} characters.`);
      }
      const request = { search: search || null, first: pageSize(first, MAX_PAGE_SIZE), after };
      return toConnection(await datasources.users.page(request), after);
    },
  },
  Viewer: {
    ...nodeIdOf('Viewer'),
    role: ({ role }) => (role === 'staff' ? 'STAFF' : 'CUSTOMER'),
    user: ({ id }, _args, { datasources }) => datasources.users.byId(id),
    orders: ordersOf,
    notifications: async ({ id }, { first, after, unreadOnly }, { datasources }) => {
      const request = { first: pageSize(first, MAX_PAGE_SIZE), after, unreadOnly };
      return toConnection(await datasources.notifications.byUser(id, request), after);
    },
    unreadCount: ({ id }, _args, { datasources }) => datasources.notifications.unreadCount(id),
  },
  User: {
    ...nodeIdOf('User'),
    orders: ordersOf,
  },
  Announcement: nodeIdOf('Announcement'),
  Notification: nodeIdOf('Notification'),
  Order: nodeIdOf('Order'),
  Profile: nodeIdOf('Profile'),
};
