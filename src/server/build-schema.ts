import { readdirSync, readFileSync, statSync } from 'node:fs';
import { makeExecutableSchema } from '@graphql-tools/schema';
import type { GraphQLSchema } from 'graphql';
import { guardSchema } from '../auth/shield.ts';
import type { BffDefinition } from '../bff.ts';

const SCHEMA_FOLDER = new URL('../../schema/', import.meta.url);

/**
 * Builds the schema of one BFF from its domains and its own module, and adds the permissions.
 * @throws Error if SDL, resolvers and permissions do not match
 */
export function buildSchema(bff: BffDefinition): GraphQLSchema {
  const modules = [...bff.domains, bff];
  const schema = makeExecutableSchema({
    typeDefs: modules.flatMap((module) => readSdl(module.schema)),
    resolvers: modules.map((module) => module.resolvers) as never,
    resolverValidationOptions: { requireResolversToMatchSchema: 'error' },
  });
  return guardSchema(
    schema,
    modules.map((module) => module.permissions),
  );
}

/** @param path - a file, or a folder of files, below schema/ */
function readSdl(path: string): string[] {
  const url = new URL(path, SCHEMA_FOLDER);
  if (!statSync(url).isDirectory()) return [readFileSync(url, 'utf8')];
  return readdirSync(url)
    .filter((file) => file.endsWith('.graphql'))
    .sort()
    .map((file) => readFileSync(new URL(file, `${url}/`), 'utf8'));
}
