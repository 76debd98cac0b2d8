import { makeExecutableSchema } from '@graphql-tools/schema';
import type { GraphQLSchema } from 'graphql';
import { guardSchema } from '../auth/shield.ts';
import type { BffDefinition } from '../bff.ts';
import { readGraphqlFiles } from '../graphql-files.ts';

/** The paths of SDL are relative to it. */
export const SCHEMA_FOLDER = new URL('../../schema/', import.meta.url);

/**
 * Builds the schema of one BFF from its domains and its own module, and adds the permissions.
 * @throws Error if SDL, resolvers and permissions do not match
 */
export function buildSchema(bff: BffDefinition): GraphQLSchema {
  const modules = [...bff.domains, bff];
  const schema = makeExecutableSchema({
    typeDefs: modules.flatMap((module) =>
      readGraphqlFiles(new URL(module.schema, SCHEMA_FOLDER)).map(({ text }) => text),
    ),
    resolvers: modules.map((module) => module.resolvers) as never,
    resolverValidationOptions: { requireResolversToMatchSchema: 'error' },
  });
  return guardSchema(
    schema,
    modules.map((module) => module.permissions),
  );
}
