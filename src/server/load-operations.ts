import type { GraphQLSchema } from 'graphql';
import { createReadsLookup } from '../auth/shield.ts';
import type { BffDefinition } from '../bff.ts';
import { createPolicyReader } from '../cache/index.ts';
import type { Config } from '../config/index.ts';
import {
  createDocumentReader,
  createOperationStore,
  createPersistedTexts,
  createPlanner,
  loadCommittedOperations,
  loadManifest,
  toTrusted,
} from '../operations/index.ts';
import { createCostReader } from '../operations/limits/index.ts';

const MAX_PERSISTED_CHARACTERS = 16_000_000;

/**
 * Loads the committed operations and the manifest of a BFF, and creates its operation store.
 * @throws ConfigError if the manifest is invalid
 */
export function loadOperations(
  bff: BffDefinition,
  schema: GraphQLSchema,
  { manifestPath, trustedOnly, production }: Config,
) {
  const committed = loadCommittedOperations(bff.operations, schema);
  const manifest = manifestPath === undefined ? undefined : loadManifest(manifestPath, schema);
  return {
    committed,
    example: committed.find(({ name }) => name === bff.example),
    operations: createOperationStore({
      trusted: toTrusted(committed, manifest),
      trustedOnly,
      texts: createPersistedTexts(MAX_PERSISTED_CHARACTERS),
      read: createDocumentReader(schema, { limits: bff.limits, isSchemaPublic: !production }),
    }),
  };
}

/**
 * Creates the planner of a BFF.
 * @throws Error if cache hints and permissions contradict each other
 */
export function createBffPlanner(bff: BffDefinition, schema: GraphQLSchema) {
  const permissions = [...bff.domains, bff].map((module) => module.permissions);
  return createPlanner({
    schema,
    policyOf: createPolicyReader(schema, createReadsLookup(schema, permissions)),
    costOf: createCostReader(schema, bff.limits.listSize),
    limits: bff.limits,
  });
}
