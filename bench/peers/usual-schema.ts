import { createRequire } from 'node:module';
import { makeExecutableSchema } from '@graphql-tools/schema';
import type { GraphQLFieldResolver, GraphQLSchema } from 'graphql';
import type * as GraphQLMiddleware from 'graphql-middleware';
import { createTokenReader, schemaName, typeDefs } from './support.ts';
import type { Ask } from './usual/ask.ts';
import { createLoaders } from './usual/loaders.ts';
import { createReads } from './usual/reads.ts';
import { type Context, RESOLVERS } from './usual/resolvers.ts';
import { RULES, unauthenticated } from './usual/rules.ts';

// The usual way, as the documentation of each library has it.

export type { Context } from './usual/resolvers.ts';

const require = createRequire(import.meta.url);
const { applyMiddleware } = require('graphql-middleware') as typeof GraphQLMiddleware;

/** @param ownRoots - resolvers of Query that take the place of the usual ones */
export function createSchema(
  ownRoots: Readonly<Record<string, GraphQLFieldResolver<unknown, Context>>> = {},
): GraphQLSchema {
  const name = schemaName();
  const schema = makeExecutableSchema({
    typeDefs: typeDefs(),
    resolvers: [RESOLVERS[name], { Query: ownRoots }],
  });
  return applyMiddleware(schema, RULES[name]);
}

/**
 * @returns what makes the context of a request from its Authorization header, and throws a
 *   GraphQLError for a token that is not valid
 */
export function createContextMaker(ask: Ask) {
  const viewerOf = createTokenReader();
  const reads = createReads(ask);

  return async (authorization: string | undefined): Promise<Context> => {
    const viewer = await viewerOf(authorization).catch(() => {
      throw unauthenticated('The token is not valid.');
    });
    return { viewer, loaders: createLoaders(reads), reads };
  };
}
