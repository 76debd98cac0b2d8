import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { makeExecutableSchema } from '@graphql-tools/schema';
import DataLoader from 'dataloader';
import got from 'got';
import { GraphQLError, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql';
import type * as GraphQLMiddleware from 'graphql-middleware';
import type * as GraphQLShield from 'graphql-shield';
import type { announcements, WireNotification, WireOrder, WireUser } from '../upstream/data.ts';
import { createTokenReader, settings } from './support.ts';

// The usual way, as the documentation of each library has it.

// The ES build of graphql-shield does not load on Node 23 and later.
const require = createRequire(import.meta.url);
const { rule, shield } = require('graphql-shield') as typeof GraphQLShield;
const { applyMiddleware } = require('graphql-middleware') as typeof GraphQLMiddleware;

const LIST_LENGTH = 10;
const services = settings();
const viewerOf = createTokenReader();
const refusal = (message: string) =>
  new GraphQLError(message, { extensions: { code: 'UNAUTHENTICATED', http: { status: 401 } } });

export type Context = { viewer: string | undefined; loaders: ReturnType<typeof createLoaders> };
type Lists<Name extends string, Item> = { lists: ({ userId: string } & Record<Name, Item[]>)[] };

const ask = <Body>(url: string, searchParams: Record<string, string | number> = {}) =>
  got(url, { searchParams }).json<Body>();

function createLoaders() {
  return {
    users: new DataLoader(async (ids: readonly string[]) => {
      const body = await ask<{ users: WireUser[] }>(`${services.user}/users`, {
        ids: ids.join(','),
      });
      const byId = new Map(body.users.map((user) => [user.id, user]));
      return ids.map((id) => byId.get(id) ?? null);
    }),
    orders: new DataLoader(async (users: readonly string[]) => {
      const body = await ask<Lists<'orders', WireOrder>>(`${services.order}/orders`, {
        users: users.join(','),
        limit: LIST_LENGTH,
      });
      const byUser = new Map(body.lists.map(({ userId, orders }) => [userId, orders]));
      return users.map((user) => byUser.get(user) ?? []);
    }),
    notifications: new DataLoader(async (users: readonly string[]) => {
      const body = await ask<Lists<'notifications', WireNotification>>(
        `${services.notification}/notifications`,
        { users: users.join(','), limit: LIST_LENGTH },
      );
      const byUser = new Map(body.lists.map((list) => [list.userId, list.notifications]));
      return users.map((user) => byUser.get(user) ?? []);
    }),
  };
}

const isAuthenticated = rule({ cache: 'contextual' })(
  (_parent: unknown, _args: unknown, { viewer }: Context) =>
    viewer !== undefined || refusal('Sign in first.'),
);

const resolvers = {
  Query: {
    dashboard: (_parent: unknown, _args: unknown, { viewer }: Context) => ({ id: viewer }),
    announcements: async () => {
      const url = `${services.notification}/announcements`;
      return (await ask<{ announcements: typeof announcements }>(url)).announcements;
    },
  },
  Dashboard: {
    user: ({ id }: { id: string }, _args: unknown, { loaders }: Context) => loaders.users.load(id),
    orders: ({ id }: { id: string }, _args: unknown, { loaders }: Context) =>
      loaders.orders.load(id),
    notifications: ({ id }: { id: string }, _args: unknown, { loaders }: Context) =>
      loaders.notifications.load(id),
  },
  OrderStatus: {
    PLACED: 'placed',
    SHIPPED: 'shipped',
    DELIVERED: 'delivered',
    CANCELLED: 'cancelled',
  },
  NotificationKind: { ORDER_UPDATE: 'order_update', PROMOTION: 'promotion', ACCOUNT: 'account' },
};

/** @param ownRoots - resolvers of Query that take the place of the usual ones */
export function createSchema(
  ownRoots: Readonly<Record<string, GraphQLFieldResolver<unknown, Context>>> = {},
): GraphQLSchema {
  const schema = makeExecutableSchema({
    typeDefs: readFileSync(new URL('../../bff-mobile/schema.graphql', import.meta.url), 'utf8'),
    resolvers: [resolvers, { Query: ownRoots }],
  });
  return applyMiddleware(
    schema,
    shield({ Query: { dashboard: isAuthenticated } }, { allowExternalErrors: true }),
  );
}

/** What every request carries. @throws GraphQLError for a token that is not valid */
export async function createContext(authorization: string | undefined): Promise<Context> {
  const viewer = await viewerOf(authorization).catch(() => {
    throw refusal('The token is not valid.');
  });
  return { viewer, loaders: createLoaders() };
}
