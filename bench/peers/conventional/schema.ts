import { createRequire } from 'node:module';
import { makeExecutableSchema } from '@graphql-tools/schema';
import type { GraphQLFieldResolver, GraphQLSchema } from 'graphql';
import type * as GraphQLMiddleware from 'graphql-middleware';
import { schemaName, typeDefs } from '../environment.ts';
import { createTokenVerifier } from '../token-verifier.ts';
import type { GetJson } from './get-json.ts';
import { createLoaders } from './loaders.ts';
import { type Context, RESOLVERS } from './resolvers.ts';
import { RULES, unauthenticated } from './rules.ts';
import { createServiceReads } from './service-reads.ts';

// The conventional stack, each library used as its documentation says: graphql-tools, DataLoader,
// graphql-shield.

export type { Context } from './resolvers.ts';

const require = createRequire(import.meta.url);
const { applyMiddleware } = require('graphql-middleware') as typeof GraphQLMiddleware;

/** @param queryResolvers - replace resolvers of Query */
export function createSchema(
  queryResolvers: Readonly<Record<string, GraphQLFieldResolver<unknown, Context>>> = {},
): GraphQLSchema {
  const name = schemaName();
  const schema = makeExecutableSchema({
    typeDefs: typeDefs(),
    resolvers: [RESOLVERS[name], { Query: queryResolvers }],
  });
  return applyMiddleware(schema, RULES[name]);
}

/**
 * Creates the function that makes a request's context from its Authorization header. It throws a
 * GraphQLError for an invalid token.
 */
export function createContextFactory(getJson: GetJson) {
  const verifyToken = createTokenVerifier();
  const reads = createServiceReads(getJson);

  return async (authorization: string | undefined): Promise<Context> => {
    const viewer = await verifyToken(authorization).catch(() => {
      throw unauthenticated('The token is invalid.');
    });
    return { viewer, loaders: createLoaders(reads), reads };
  };
}
