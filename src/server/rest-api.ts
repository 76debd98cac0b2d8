import { existsSync } from 'node:fs';
import type { GraphQLSchema } from 'graphql';
import { createReadsLookup } from '../auth/shield.ts';
import type { BffDefinition } from '../bff.ts';
import type { Config } from '../config/index.ts';
import type { CommittedOperation } from '../operations/index.ts';
import type { DescriptionPage } from '../protocols/rest/description.ts';
import type { ApiDescription } from '../protocols/rest/openapi.ts';
import { listRoutes } from '../protocols/rest/routes.ts';
import { SCHEMA_FOLDER } from './build-schema.ts';

/** A development package, which a bundle does not have. */
const SWAGGER_UI = new URL('../node_modules/swagger-ui-dist/', SCHEMA_FOLDER);

/**
 * The REST API of a BFF: the endpoints of its committed operations.
 * @throws Error for a wrong `@rest`
 */
export function readRestApi(
  bff: BffDefinition,
  schema: GraphQLSchema,
  committed: readonly CommittedOperation[],
): ApiDescription {
  const permissions = [...bff.domains, bff].map((module) => module.permissions);
  const readsOf = createReadsLookup(schema, permissions);
  return {
    bff,
    schema,
    routes: listRoutes(schema, committed),
    isPublic: (type, field) => readsOf(type, field) === 'nothing',
  };
}

/** The page to browse the REST API with; undefined in production, or without the files that it needs. */
export function findDescriptionPage({
  production,
  sandboxToken,
}: Config): DescriptionPage | undefined {
  const isInstalled = SWAGGER_UI.protocol === 'file:' && existsSync(SWAGGER_UI);
  if (production || !isInstalled) return undefined;
  return { token: sandboxToken, files: SWAGGER_UI };
}

/** The message for requests of unknown paths. */
export const notFoundMessage = ({ routes }: Pick<ApiDescription, 'routes'>): string =>
  routes.length > 0
    ? 'There is nothing here: endpoints are listed in /openapi.json, and GraphQL is at /graphql.'
    : 'There is nothing here: the API is at /graphql.';
