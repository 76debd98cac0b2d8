import { hash } from 'node:crypto';
import { type GraphQLSchema, printSchema } from 'graphql';
import { createReadsLookup } from '../auth/shield.ts';
import type { BffDefinition } from '../bff.ts';
import {
  createEntryStore,
  createPolicyReader,
  createTextStore,
  ResponseCache,
  type TagVersions,
} from '../cache/index.ts';
import { createPlanner } from '../operations/index.ts';
import { createCostReader } from '../operations/limits/index.ts';
import { createQuestionMaker } from '../pipeline/cache-key.ts';
import type { Log } from '../telemetry/log.ts';

interface EdgeParts {
  readonly schema: GraphQLSchema;
  readonly numbers: TagVersions;
  /** How much memory kept answers may take; nothing is kept if it is 0. */
  readonly bytes: number;
  readonly log: Log;
}

/**
 * The edge cache of one BFF, and how what is asked becomes a question to it.
 * @throws Error if hints and rules contradict each other
 */
export function createEdge(bff: BffDefinition, { schema, numbers, bytes, log }: EdgeParts) {
  const trees = [...bff.domains, bff].map(({ permissions }) => permissions);
  const policyOf = createPolicyReader(schema, createReadsLookup(schema, trees));
  // Half for entries as they are sent, half for those that the first half has no room for any more.
  const store =
    bytes > 0 ? createEntryStore(bytes / 2, createTextStore(bytes / 2), log) : undefined;
  const edge = new ResponseCache({ store, tagVersions: numbers, stale: bff.stale, log });
  const schemaHash = hash('sha256', printSchema(schema));
  const { limits } = bff;
  const costOf = createCostReader(schema, limits.listSize);
  return {
    edge,
    prepare: createPlanner({ schema, policyOf, costOf, limits }),
    questionOf: createQuestionMaker([bff.name, schemaHash], edge),
  };
}
