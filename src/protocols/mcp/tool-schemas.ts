import type { Tool } from '@modelcontextprotocol/server';
import type { GraphQLSchema, OperationDefinitionNode } from 'graphql';
import type { CommittedOperation } from '../../operations/index.ts';
import { createSchemaWriter, type JsonSchema, type SchemaWriter } from '../json-schema.ts';
import type { OperationVariable } from '../operation-variables.ts';
import { createSelectionReader } from '../selected-fields.ts';

type InputSchema = Tool['inputSchema'];
type OutputSchema = NonNullable<Tool['outputSchema']>;

const ERRORS: JsonSchema = {
  description: 'Why a part is missing, or why there is no data; absent if nothing failed.',
  type: 'array',
  items: {
    type: 'object',
    properties: {
      message: { type: 'string', description: 'One sentence that says what is wrong.' },
      path: {
        type: 'array',
        description: 'The part that is missing, by names and indexes below `data`.',
        items: { type: ['string', 'integer'] },
      },
      extensions: {
        type: 'object',
        properties: {
          code: { type: 'string', description: 'The reason, for programs.' },
          requestId: { type: 'string', description: 'Name it when you report the error.' },
        },
        required: ['code'],
      },
    },
    required: ['message'],
  },
};

const createWriter = (): SchemaWriter => createSchemaWriter((name) => `#/$defs/${name}`);

/** The schema of a tool's arguments: the variables of its operation. */
export function inputSchemaOf(variables: readonly OperationVariable[]): InputSchema {
  const writer = createWriter();
  const schema = writer.ofVariables(variables);
  return { ...schema, ...definitionsOf(writer) } as unknown as InputSchema;
}

/** The schema of a tool's results: what its operation selects, and errors, as over GraphQL. */
export function outputSchemaOf(
  schema: GraphQLSchema,
  { name, document }: CommittedOperation,
  { operation, selectionSet }: OperationDefinitionNode,
): OutputSchema {
  const root = schema.getRootType(operation);
  if (!root) throw new Error(`${name}: the schema has no ${operation}`);
  const writer = createWriter();
  const read = createSelectionReader(schema, document);
  const { description: _, ...data } = writer.ofObject(root, read(root, [selectionSet]), read);
  return {
    type: 'object',
    properties: { data: { ...data, type: ['object', 'null'] }, errors: ERRORS },
    ...definitionsOf(writer),
  };
}

const definitionsOf = ({ named }: SchemaWriter) =>
  named.size > 0 ? { $defs: Object.fromEntries(named) } : {};
