import fc from 'fast-check';
import {
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  Kind,
  typeFromAST,
  valueFromAST,
} from 'graphql';
import type { CommittedOperation } from '../../src/operations/index.ts';
import { waysThrough } from '../support/reach.ts';
import { givenOf, type Habits, SETS } from './equivalence-arguments.ts';
import {
  type Drawn,
  fieldsOfEach,
  placesOfVariables,
  toDocument,
} from './equivalence-documents.ts';
import { createSelections } from './equivalence-selections.ts';

/** A document, the operations in it, and variables to ask them with. */
export interface Question {
  /** One text in several spellings of white space. */
  readonly texts: readonly string[];
  /** Of several, the last is that of a client who forgot to say which. */
  readonly operations: readonly Operation[];
  readonly sets: readonly Record<string, unknown>[];
}

interface Operation {
  readonly name: string | undefined;
  /** What it asks for, as "Type.field". */
  readonly fields: ReadonlySet<string>;
}

type Ways = readonly (readonly string[])[];

const NOTHING: ReadonlySet<string> = new Set();
const GAPS = [' ', '\n  ', ' , ', ' # a comment\n'];

/**
 * What is asked in one run: a question about each of the fields, one that may be about anything, and
 * one of our own clients'.
 * @param fields - those that no run may leave out, as "Type.field"
 */
export function questionsAbout(
  schema: GraphQLSchema,
  fields: readonly string[],
  committed: readonly CommittedOperation[],
  orderIds: readonly string[],
): fc.Arbitrary<Question[]> {
  const ways = waysBy(schema);
  const everywhere = [...ways.values()].flat();
  const sober = { orderIds, isRash: false, hasVariables: true };
  const usual = documentsOf(schema, sober, everywhere);
  const literal = documentsOf(schema, { ...sober, hasVariables: false }, everywhere);
  const rash = documentsOf(schema, { ...sober, isRash: true }, everywhere);
  const about = (wanted: Ways) =>
    fc.oneof(
      { weight: 7, arbitrary: usual(wanted) },
      { weight: 4, arbitrary: literal(wanted) },
      { weight: 1, arbitrary: rash(wanted) },
    );
  const own = committed
    .filter(({ document }) => getOperationAST(document)?.operation === 'query')
    .map((operation) => committedQuestion(schema, operation, sober));
  return fc.tuple(
    ...fields.map((field) => about(ways.get(field) ?? [])),
    about(everywhere),
    fc.oneof(...own),
  );
}

/** The ways of queries that lead over each field, by its name. */
function waysBy(schema: GraphQLSchema): Map<string, string[][]> {
  const found = new Map<string, string[][]>();
  for (const { operation, steps } of waysThrough(schema)) {
    if (operation !== 'query') continue;
    let type = schema.getQueryType() as GraphQLObjectType;
    for (const step of steps) {
      const key = `${type.name}.${step}`;
      found.set(key, [...(found.get(key) ?? []), [...steps]]);
      type = getNamedType(type.getFields()[step]?.type) as GraphQLObjectType;
    }
  }
  return found;
}

function documentsOf(schema: GraphQLSchema, habits: Habits, everywhere: Ways) {
  const along = createSelections(habits);
  const root = schema.getQueryType() as GraphQLObjectType;
  const anything = fc.oneof(...everywhere.map((way) => along(root, way)));

  return (ways: Ways): fc.Arbitrary<Question> =>
    fc
      .record({
        wanted: fc.oneof(...ways.map((way) => along(root, way))),
        besides: fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, anything),
        another: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, anything),
        isNamed: fc.boolean(),
      })
      .map(({ wanted, besides, another, isNamed }) => {
        const name = isNamed || another ? 'Wanted' : undefined;
        const first: Drawn = { kind: 'query', name, selections: [...wanted, ...besides] };
        const second: Drawn[] = another
          ? [{ kind: 'query', name: 'Another', selections: another }]
          : [];
        return toQuestion(schema, [first, ...second]);
      });
}

function toQuestion(schema: GraphQLSchema, drawn: readonly Drawn[]): Question {
  const { text, sets } = toDocument(drawn);
  const texts = GAPS.map((gap) => toDocument(drawn, gap).text);
  const fields = fieldsOfEach(schema, text);
  const named = drawn.map(({ name }) => ({ name, fields: fields.get(name ?? '') ?? NOTHING }));
  const unnamed = drawn.length > 1 ? [{ name: undefined, fields: NOTHING }] : [];
  return { texts, operations: [...named, ...unnamed], sets };
}

function committedQuestion(
  schema: GraphQLSchema,
  { name, source, document, withTypenames: asClientsSendIt }: CommittedOperation,
  habits: Habits,
): fc.Arbitrary<Question> {
  const places = placesOfVariables(schema, document);
  const declared = getOperationAST(document)?.variableDefinitions ?? [];
  const variables = declared.map(({ variable, type: node, defaultValue }) => {
    const type = typeFromAST(schema, node as never) as GraphQLInputType;
    const value = defaultValue && valueFromAST(defaultValue, type);
    const isNeeded = node.kind === Kind.NON_NULL_TYPE && !defaultValue;
    const name = variable.name.value;
    const input = { name, type, defaultValue: value, field: places.get(name) ?? '' };
    return givenOf(input, isNeeded, habits).map((given) => [name, given] as const);
  });
  const fields = fieldsOfEach(schema, source).get(name) ?? NOTHING;
  return fc.tuple(...variables).map((drawn) => ({
    texts: [source, asClientsSendIt.source],
    operations: [{ name, fields }],
    sets: Array.from({ length: SETS }, (_, set) =>
      Object.fromEntries(drawn.map(([variable, given]) => [variable, given[set]])),
    ),
  }));
}
