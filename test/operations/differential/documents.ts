import fc from 'fast-check';
import {
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  typeFromAST,
  valueFromAST,
} from 'graphql';
import type { CommittedOperation } from '../../../src/operations/index.ts';
import {
  type GeneratorOptions,
  VARIABLE_SETS,
  valuesPerSet,
} from '../../cache/equivalence/arguments.ts';
import type { GeneratedDocument } from '../../cache/equivalence/documents.ts';
import {
  fieldByVariable,
  fieldsByOperation,
  type OperationSpec,
  printDocument,
} from '../../cache/equivalence/documents.ts';
import { createSelectionGenerator, INHERITED_NAMES } from '../../cache/equivalence/selections.ts';
import { fieldNames, shortestPaths } from '../../support/field-paths.ts';

const NOTHING: ReadonlySet<string> = new Set();
const GAPS = [' ', '\n  ', ' , ', ' # a comment\n'];

/** Draws documents, each when it is wanted: all that could be drawn would fill the memory. */
export function createQuestions(schema: GraphQLSchema, orderIds: readonly string[]) {
  const sober: GeneratorOptions = { ids: orderIds, hasInvalidValues: false, hasVariables: true };
  const usual = createSelectionGenerator(sober);
  const literal = createSelectionGenerator({ ...sober, hasVariables: false });
  const rash = createSelectionGenerator({ ...sober, hasInvalidValues: true });
  const habits = fc.oneof(
    { weight: 7, arbitrary: fc.constant(usual) },
    { weight: 4, arbitrary: fc.constant(literal) },
    { weight: 1, arbitrary: fc.constant(rash) },
  );
  const root = schema.getQueryType() as GraphQLObjectType;
  const paths = shortestPaths(schema).filter(({ operation }) => operation === 'query');
  const anywhere = fc.constantFrom(...paths);
  const plan = {
    along: habits,
    besides: fc.option(anywhere, { freq: 1 }),
    another: fc.option(anywhere, { freq: 1 }),
    isNamed: fc.boolean(),
    variableName: fc.option(fc.constantFrom(...INHERITED_NAMES), { freq: 7, nil: undefined }),
  };

  return {
    /** Every field that a query can lead over, as "Type.field". */
    fields: [...new Set(paths.map(({ target }) => target))],

    /** @param field - one of those; anything if there is none */
    about(field?: string): fc.Arbitrary<GeneratedDocument> {
      const wanted = fc.constantFrom(...paths.filter(({ target }) => !field || target === field));
      return fc
        .record({ ...plan, wanted })
        .chain(({ along, wanted, besides, another, isNamed, variableName }) => {
          const drawn = [wanted, besides, another].map((path) =>
            path ? along(root, fieldNames(path)) : fc.constant([]),
          );
          return fc.tuple(...drawn).map(([first = [], beside = [], second = []]) =>
            toQuestion(schema, [
              {
                kind: 'query',
                name: isNamed || another ? 'Wanted' : undefined,
                variableName,
                selections: [...first, ...beside],
              },
              ...(another ? [{ kind: 'query', name: 'Another', selections: second } as const] : []),
            ]),
          );
        });
    },

    /** About what our own clients ask for. */
    own: (committed: readonly CommittedOperation[]): fc.Arbitrary<GeneratedDocument> =>
      fc
        .constantFrom(
          ...committed.filter(({ document }) => getOperationAST(document)?.operation === 'query'),
        )
        .chain((operation) => ownQuestion(schema, operation, sober)),
  };
}

function toQuestion(schema: GraphQLSchema, drawn: readonly OperationSpec[]): GeneratedDocument {
  const { text, variableSets: sets } = printDocument(drawn);
  const texts = GAPS.map((gap) => printDocument(drawn, gap).text);
  const fields = fieldsByOperation(schema, text);
  const operations = drawn.map(({ name }) => ({ name, fields: fields.get(name ?? '') ?? NOTHING }));
  return { texts, operations, variableSets: sets };
}

function ownQuestion(
  schema: GraphQLSchema,
  { name, source, document, withTypenames }: CommittedOperation,
  habits: GeneratorOptions,
): fc.Arbitrary<GeneratedDocument> {
  const places = fieldByVariable(schema, document);
  const declared = getOperationAST(document)?.variableDefinitions ?? [];
  const given = declared.map(({ variable, type: node, defaultValue }) => {
    const type = typeFromAST(schema, node as never) as GraphQLInputType;
    const value = defaultValue && valueFromAST(defaultValue, type);
    const isNeeded = node.kind === Kind.NON_NULL_TYPE && !defaultValue;
    const field = places.get(variable.name.value) ?? '';
    const input = { name: variable.name.value, type, defaultValue: value, field };
    return valuesPerSet(input, isNeeded, habits);
  });
  const names = declared.map(({ variable }) => variable.name.value);
  const fields = fieldsByOperation(schema, source).get(name) ?? NOTHING;
  return fc.tuple(...given).map((drawn) => ({
    texts: [source, withTypenames.source],
    operations: [{ name, fields }],
    variableSets: Array.from({ length: VARIABLE_SETS }, (_, set) =>
      Object.fromEntries(names.map((each, at) => [each, drawn[at]?.[set]])),
    ),
  }));
}
