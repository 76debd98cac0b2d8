import fc from 'fast-check';
import { type GraphQLObjectType, type GraphQLSchema, getOperationAST } from 'graphql';
import type { CommittedOperation } from '../../../src/operations/index.ts';
import type { GeneratorOptions } from '../../cache/equivalence/arguments.ts';
import {
  committedDocument,
  type GeneratedDocument,
  type OperationSpec,
  toGeneratedDocument,
} from '../../cache/equivalence/documents.ts';
import { createSelectionGenerator, INHERITED_NAMES } from '../../cache/equivalence/selections.ts';
import { fieldNames, shortestPaths } from '../../support/field-paths.ts';

/** Creates generators of documents. Each document is generated when needed: all of them would exhaust the memory. */
export function createDocumentGenerators(schema: GraphQLSchema, ids: readonly string[]) {
  const valid: GeneratorOptions = { ids, hasInvalidValues: false, hasVariables: true };
  const generators = fc.oneof(
    { weight: 7, arbitrary: fc.constant(createSelectionGenerator(valid)) },
    {
      weight: 4,
      arbitrary: fc.constant(createSelectionGenerator({ ...valid, hasVariables: false })),
    },
    {
      weight: 1,
      arbitrary: fc.constant(createSelectionGenerator({ ...valid, hasInvalidValues: true })),
    },
  );
  const root = schema.getQueryType() as GraphQLObjectType;
  const paths = shortestPaths(schema).filter(({ operation }) => operation === 'query');
  const anyPath = fc.constantFrom(...paths);
  const options = {
    alongPath: generators,
    extra: fc.option(anyPath, { freq: 1 }),
    another: fc.option(anyPath, { freq: 1 }),
    isNamed: fc.boolean(),
    variableName: fc.option(fc.constantFrom(...INHERITED_NAMES), { freq: 7, nil: undefined }),
  };

  return {
    /** Every field that a query can select, as "Type.field". */
    fields: [...new Set(paths.map(({ target }) => target))],

    /** @param field - a field that the document selects; any field by default */
    selecting(field?: string): fc.Arbitrary<GeneratedDocument> {
      const wantedPaths = paths.filter(({ target }) => !field || target === field);
      return fc
        .record({ ...options, wanted: fc.constantFrom(...wantedPaths) })
        .chain(({ alongPath, wanted, extra, another, isNamed, variableName }) => {
          const selections = [wanted, extra, another].map((path) =>
            path ? alongPath(root, fieldNames(path)) : fc.constant([]),
          );
          const name = isNamed || another ? 'Wanted' : undefined;
          return fc.tuple(...selections).map(([first = [], beside = [], second = []]) => {
            const specs: OperationSpec[] = [
              { kind: 'query', name, variableName, selections: [...first, ...beside] },
              ...(another ? [{ kind: 'query', name: 'Another', selections: second } as const] : []),
            ];
            const generated = toGeneratedDocument(schema, specs);
            // Without the request that names no operation: graphql-js alone has no error code for it.
            return { ...generated, operations: generated.operations.slice(0, specs.length) };
          });
        });
    },

    /** Documents of the BFF's own clients. */
    committed: (operations: readonly CommittedOperation[]): fc.Arbitrary<GeneratedDocument> =>
      fc
        .constantFrom(
          ...operations.filter(({ document }) => getOperationAST(document)?.operation === 'query'),
        )
        .chain((operation) => committedDocument(schema, operation, valid)),
  };
}
