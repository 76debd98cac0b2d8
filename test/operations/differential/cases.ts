import fc from 'fast-check';
import type { GraphQLSchema } from 'graphql';
import type { CommittedOperation } from '../../../src/operations/index.ts';
import { VARIABLE_SETS } from '../../cache/equivalence/arguments.ts';
import { TRANSPORTS } from '../../cache/equivalence/client.ts';
import type { GeneratedDocument } from '../../cache/equivalence/documents.ts';
import { type Mutation, mutationsBy } from '../../cache/equivalence/mutations.ts';
import { createQuestions } from './documents.ts';

/** One question as one asker puts it. */
export interface Ask {
  readonly question: number;
  readonly asker: number;
  readonly operation: number;
  readonly set: number;
  readonly text: number;
  readonly way: (typeof TRANSPORTS)[number];
}

/** Something to be changed between two rounds of asking, and who changes it. */
export interface ChangeBy {
  readonly change: Mutation;
  readonly asker: number;
  /** Whether it is something of the changer's own. */
  readonly isOwn: boolean;
}

/** What is asked at the same time, so that it shares calls. */
export interface Group {
  readonly questions: readonly GeneratedDocument[];
  readonly asks: readonly Ask[];
  readonly change: ChangeBy | undefined;
}

export interface GroupOptions {
  readonly schema: GraphQLSchema;
  readonly committed: readonly CommittedOperation[];
  readonly orderIds: readonly string[];
  /** How many there are who may ask; the first are drawn most. */
  readonly askers: number;
}

/** Draws groups of asks. */
export function createGroups({ schema, committed, orderIds, askers }: GroupOptions) {
  const { fields, about, own } = createQuestions(schema, orderIds);
  const mutations = Object.values(schema.getMutationType()?.getFields() ?? {});
  const changes = mutations.map((mutation) => mutationsBy(mutation, orderIds));
  const asker = fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.nat({ max: 2 }) },
    { weight: 4, arbitrary: fc.nat({ max: askers - 1 }) },
  );
  const ask = {
    asker,
    question: fc.nat({ max: 2 }),
    operation: fc.nat({ max: 1 }),
    set: fc.nat({ max: VARIABLE_SETS - 1 }),
    text: fc.nat({ max: 3 }),
    way: fc.constantFrom(...TRANSPORTS),
  };
  const first = fc.record({ ...ask, question: fc.constant(0), operation: fc.constant(0) });
  const more = fc.array(fc.record(ask), { minLength: 1, maxLength: 3, size: 'max' });
  const change = fc.record({ change: fc.oneof(...changes), asker, isOwn: mostly(true, false) });

  return {
    fields,
    /** @param field - one of the fields, which the first ask is about; anything if there is none */
    groups: (field?: string): fc.Arbitrary<Group> =>
      fc.record({
        questions: fc.tuple(about(field), about(), own(committed)),
        asks: fc.tuple(first, more).map(([one, others]) => [one, ...others]),
        change: fc.option(change, { freq: 2 }).map((drawn) => drawn ?? undefined),
      }),
  };
}

const mostly = <T>(usual: T, other: T): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constant(other) },
  );
