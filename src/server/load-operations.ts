import type { GraphQLSchema } from 'graphql';
import type { BffDefinition } from '../bff.ts';
import { createTextStore } from '../cache/index.ts';
import type { Config } from '../config.ts';
import {
  createDocumentReader,
  createOperationStore,
  loadCommittedOperations,
  loadManifest,
  toTrusted,
} from '../operations/index.ts';

const MOST_PERSISTED_TEXT = 16_000_000;

/**
 * The operations of a BFF that are known from the start, and how it learns others.
 * @throws ConfigError for a manifest that is wrong
 */
export function loadOperations(
  bff: BffDefinition,
  schema: GraphQLSchema,
  { manifestPath, trustedOnly, production }: Config,
) {
  const committed = loadCommittedOperations(bff.operations, schema);
  const manifest = manifestPath === undefined ? undefined : loadManifest(manifestPath, schema);
  return {
    example: committed.find(({ name }) => name === bff.example),
    operations: createOperationStore({
      trusted: toTrusted(committed, manifest),
      trustedOnly,
      texts: createTextStore(MOST_PERSISTED_TEXT),
      read: createDocumentReader(schema, { limits: bff.limits, isOpen: !production }),
    }),
  };
}
