import fc from 'fast-check';
import type { GraphQLSchema } from 'graphql';
import type { CommittedOperation } from '../../../src/operations/index.ts';
import { VARIABLE_SETS } from '../../cache/equivalence/arguments.ts';
import { TRANSPORTS } from '../../cache/equivalence/client.ts';
import type { GeneratedDocument } from '../../cache/equivalence/documents.ts';
import { type Mutation, mutationsBy } from '../../cache/equivalence/mutations.ts';
import { createDocumentGenerators } from './documents.ts';

/** One request; numbers are indexes of the case's documents and of the viewers. */
export interface GeneratedRequest {
  readonly document: number;
  readonly viewer: number;
  readonly operation: number;
  readonly variableSet: number;
  readonly text: number;
  readonly transport: (typeof TRANSPORTS)[number];
}

/** A mutation between two rounds of requests. */
export interface GeneratedMutation {
  readonly mutation: Mutation;
  readonly viewer: number;
  /** True if it changes data of its viewer. */
  readonly isOwn: boolean;
}

/** Requests that are sent concurrently, so that they share calls of the services. */
export interface Case {
  readonly documents: readonly GeneratedDocument[];
  readonly requests: readonly GeneratedRequest[];
  readonly mutation: GeneratedMutation | undefined;
}

export interface CaseOptions {
  readonly schema: GraphQLSchema;
  readonly committed: readonly CommittedOperation[];
  /** Ids for arguments. */
  readonly ids: readonly string[];
  /** The number of viewers, of which the first are used most. */
  readonly viewers: number;
}

export function createCaseGenerator({ schema, committed, ids, viewers }: CaseOptions) {
  const documents = createDocumentGenerators(schema, ids);
  const mutationFields = Object.values(schema.getMutationType()?.getFields() ?? {});
  const mutations = mutationFields.map((field) => mutationsBy(field, ids));
  const viewer = fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.nat({ max: 2 }) },
    { weight: 4, arbitrary: fc.nat({ max: viewers - 1 }) },
  );
  const request = {
    viewer,
    document: fc.nat({ max: 2 }),
    operation: fc.nat({ max: 1 }),
    variableSet: fc.nat({ max: VARIABLE_SETS - 1 }),
    text: fc.nat({ max: 3 }),
    transport: fc.constantFrom(...TRANSPORTS),
  };
  const first = fc.record({ ...request, document: fc.constant(0), operation: fc.constant(0) });
  const others = fc.array(fc.record(request), { minLength: 1, maxLength: 3, size: 'max' });
  const isOwn = fc.oneof(
    { weight: 3, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.constant(false) },
  );
  const mutation = fc.record({ mutation: fc.oneof(...mutations), viewer, isOwn });

  return {
    fields: documents.fields,
    /** @param field - a field that the first request selects; any field by default */
    casesFor: (field?: string): fc.Arbitrary<Case> =>
      fc.record({
        documents: fc.tuple(
          documents.selecting(field),
          documents.selecting(),
          documents.committed(committed),
        ),
        requests: fc.tuple(first, others).map(([one, more]) => [one, ...more]),
        mutation: fc.option(mutation, { freq: 2, nil: undefined }),
      }),
  };
}
