import { createRequire } from 'node:module';
import { GraphQLError } from 'graphql';
import type * as GraphQLShield from 'graphql-shield';
import type { Context } from './resolvers.ts';

// The ESM build of graphql-shield does not load on Node 23 and later.
const require = createRequire(import.meta.url);
const { rule, shield } = require('graphql-shield') as typeof GraphQLShield;

export const unauthenticated = (message: string) =>
  new GraphQLError(message, { extensions: { code: 'UNAUTHENTICATED', http: { status: 401 } } });

const forbidden = () => new GraphQLError('Staff only.', { extensions: { code: 'FORBIDDEN' } });

const isAuthenticated = rule({ cache: 'contextual' })(
  (_parent: unknown, _args: unknown, { viewer }: Context) =>
    viewer !== undefined || unauthenticated('Send a bearer token.'),
);

const isStaff = rule({ cache: 'contextual' })(
  (_parent: unknown, _args: unknown, { viewer }: Context) =>
    viewer === undefined
      ? unauthenticated('Send a bearer token.')
      : viewer.role === 'staff' || forbidden(),
);

/** By the BFF whose schema they guard. */
export const RULES = {
  mobile: shield({ Query: { dashboard: isAuthenticated } }, { allowExternalErrors: true }),
  web: shield({ Query: { recentOrders: isStaff } }, { allowExternalErrors: true }),
};
