import { createRequire } from 'node:module';
import { GraphQLError } from 'graphql';
import type * as GraphQLShield from 'graphql-shield';
import type { Context } from './resolvers.ts';

// The ES build of graphql-shield does not load on Node 23 and later.
const require = createRequire(import.meta.url);
const { rule, shield } = require('graphql-shield') as typeof GraphQLShield;

export const unauthenticated = (message: string) =>
  new GraphQLError(message, { extensions: { code: 'UNAUTHENTICATED', http: { status: 401 } } });

const forbidden = () => new GraphQLError('For staff only.', { extensions: { code: 'FORBIDDEN' } });

const isAuthenticated = rule({ cache: 'contextual' })(
  (_parent: unknown, _args: unknown, { viewer }: Context) =>
    viewer !== undefined || unauthenticated('Sign in first.'),
);

const isStaff = rule({ cache: 'contextual' })(
  (_parent: unknown, _args: unknown, { viewer }: Context) =>
    viewer === undefined
      ? unauthenticated('Sign in first.')
      : viewer.role === 'staff' || forbidden(),
);

/** By the name of the BFF whose schema it is. */
export const RULES = {
  mobile: shield({ Query: { dashboard: isAuthenticated } }, { allowExternalErrors: true }),
  web: shield({ Query: { recentOrders: isStaff } }, { allowExternalErrors: true }),
};
