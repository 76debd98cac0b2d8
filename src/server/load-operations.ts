import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { GraphQLSchema } from 'graphql';
import { createReadsLookup } from '../auth/shield.ts';
import type { BffDefinition } from '../bff.ts';
import { createPolicyReader } from '../cache/index.ts';
import { type Config, ConfigError } from '../config/index.ts';
import { embeddedManifests } from '../graphql-files.ts';
import {
  createDocumentReader,
  createOperationStore,
  createPersistedTexts,
  createPlanner,
  type FindKnown,
  loadCommittedOperations,
  loadManifests,
  type Manifest,
  readManifestFiles,
  toTrusted,
} from '../operations/index.ts';
import { createCostReader } from '../operations/limits/index.ts';
import type { Log } from '../telemetry/log.ts';
import { SCHEMA_FOLDER } from './build-schema.ts';
import { watchManifests } from './manifest-reload.ts';

const MAX_PERSISTED_CHARACTERS = 16_000_000;

/** The folder with the manifests of a BFF's released clients. */
export const clientsFolder = (bff: string): URL => new URL(`../clients/${bff}/`, SCHEMA_FOLDER);

/**
 * Loads the committed operations and the manifests of a BFF, and creates its operation store.
 * @throws ConfigError if a manifest is invalid
 */
export function loadOperations(
  bff: BffDefinition,
  schema: GraphQLSchema,
  { manifestPath, trustedOnly, production }: Config,
) {
  const committed = loadCommittedOperations(bff.operations, schema);
  const own = toTrusted(committed);
  const findOwn = (hash: string) => own.get(hash);
  const { path, manifests } =
    manifestPath === undefined
      ? loadReleased(bff.name, schema, findOwn)
      : { path: manifestPath, manifests: loadGivenManifests(manifestPath, schema, findOwn) };
  const operations = createOperationStore({
    trusted: toTrusted(committed, manifests),
    trustedOnly,
    texts: createPersistedTexts(MAX_PERSISTED_CHARACTERS),
    read: createDocumentReader(schema, { limits: bff.limits, isSchemaPublic: !production }),
  });
  return {
    committed,
    isCommitted: (hash: string) => own.has(hash),
    example: committed.find(({ name }) => name === bff.example),
    operations,
    /**
     * Registers the operations of manifests that are added or changed, and drops those of removed ones.
     * @param observe - called with the manifests in use, now and after each change
     * @returns undefined if there are no manifests on disk
     */
    watchManifests(log: Log, observe: (manifests: readonly Manifest[]) => void) {
      observe(manifests);
      if (path === undefined) return undefined;
      return watchManifests({
        path,
        inUse: manifests,
        schema,
        findKnown: operations.byHash,
        log,
        onChange(changed) {
          operations.replaceTrusted(toTrusted(committed, changed));
          observe(changed);
        },
      });
    },
  };
}

/** Loads the manifests of released clients; the path is undefined if there is nothing on disk. */
function loadReleased(bff: string, schema: GraphQLSchema, findKnown: FindKnown) {
  const folder = clientsFolder(bff);
  const embedded = embeddedManifests(folder)?.map(({ name, text }) => ({ path: name, text }));
  if (embedded) return { path: undefined, manifests: loadManifests(embedded, schema, findKnown) };
  const path = fileURLToPath(folder);
  if (!existsSync(path)) return { path: undefined, manifests: [] };
  return { path, manifests: loadManifests(readManifestFiles(path), schema, findKnown) };
}

/**
 * Loads the manifest or the manifests that the configuration names.
 * @throws ConfigError with the faults of all files
 */
export function loadGivenManifests(path: string, schema: GraphQLSchema, findKnown?: FindKnown) {
  try {
    return loadManifests(readManifestFiles(path), schema, findKnown);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const faults = error.faults.map((fault) => `OPERATIONS_MANIFEST: ${fault}`);
    throw new ConfigError(faults, { cause: error });
  }
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
