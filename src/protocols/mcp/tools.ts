import type { Tool } from '@modelcontextprotocol/server';
import {
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  isInputObjectType,
  isNonNullType,
  Kind,
  type OperationDefinitionNode,
} from 'graphql';
import { readDirective } from '../../graphql-ast.ts';
import type { CommittedOperation } from '../../operations/index.ts';
import {
  IDEMPOTENCY_FIELD,
  listVariables,
  type OperationVariable,
} from '../operation-variables.ts';
import { inputSchemaOf, outputSchemaOf } from './tool-schemas.ts';

/** A committed operation as a tool. */
export interface OperationTool {
  readonly name: string;
  readonly operation: CommittedOperation;
  readonly variables: readonly OperationVariable[];
  /** What clients are told about the tool. */
  readonly description: Tool;
}

/** The arguments of `@tool`. */
interface ToolDirective {
  readonly name?: string | null;
  readonly title?: string | null;
}

/** The form that every revision of the protocol and its clients accept. */
const NAME = /^[a-zA-Z][\w-]{0,63}$/;

/**
 * Lists the tools: the committed operations with `@tool`.
 * @throws Error with all faults
 */
export function listTools(
  schema: GraphQLSchema,
  operations: readonly CommittedOperation[],
): readonly OperationTool[] {
  const tools = operations.flatMap((operation) => {
    const directive = readDirective<ToolDirective>(schema.getDirective('tool'), [operation]);
    const definition = getOperationAST(operation.document);
    return directive && definition ? [toTool(schema, operation, definition, directive)] : [];
  });
  const faults = faultsOf(tools);
  if (faults.length > 0) throw new Error(`Wrong @tool:\n  ${faults.join('\n  ')}`);
  return tools;
}

function toTool(
  schema: GraphQLSchema,
  operation: CommittedOperation,
  definition: OperationDefinitionNode,
  directive: ToolDirective,
): OperationTool {
  const name = directive.name ?? toSnakeCase(operation.name);
  const variables = listVariables(schema, operation.document, definition);
  const about = operation.description || describeRoot(schema, definition);
  return {
    name,
    operation,
    variables,
    description: {
      name,
      ...(directive.title && { title: directive.title }),
      ...(about && { description: about }),
      inputSchema: inputSchemaOf(variables),
      outputSchema: outputSchemaOf(schema, operation, definition),
      annotations: annotationsOf(definition, variables),
    },
  };
}

/** The description of the first field, for an operation without a comment. */
function describeRoot(schema: GraphQLSchema, definition: OperationDefinitionNode) {
  const field = definition.selectionSet.selections.find(({ kind }) => kind === Kind.FIELD);
  const fields = schema.getRootType(definition.operation)?.getFields();
  return field?.kind === Kind.FIELD ? fields?.[field.name.value]?.description : undefined;
}

/**
 * Hints for clients, which ask their user before some calls. A query only reads. A mutation that needs an
 * idempotency key adds something, and only once for each key; any other one may change or remove what
 * exists, and may not be repeated. No tool reaches beyond the services.
 */
function annotationsOf(
  { operation }: OperationDefinitionNode,
  variables: readonly OperationVariable[],
): NonNullable<Tool['annotations']> {
  if (operation === 'query') return { readOnlyHint: true, openWorldHint: false };
  const isRepeatable = variables.some(needsKey);
  return {
    readOnlyHint: false,
    destructiveHint: !isRepeatable,
    idempotentHint: isRepeatable,
    openWorldHint: false,
  };
}

function needsKey({ name, type, isRequired }: OperationVariable): boolean {
  if (name === IDEMPOTENCY_FIELD) return isRequired;
  const named = getNamedType(type);
  const key = isInputObjectType(named) ? named.getFields()[IDEMPOTENCY_FIELD] : undefined;
  return key !== undefined && isRequired && isNonNullType(key.type);
}

function faultsOf(tools: readonly OperationTool[]): string[] {
  const wrong = tools
    .filter(({ name }) => !NAME.test(name))
    .map(
      ({ name, operation }) =>
        `${operation.name}.graphql: "${name}" is not a name of letters, digits, _ and -, at most 64 long`,
    );
  const duplicates = [...Map.groupBy(tools, ({ name }) => name)].flatMap(
    ([name, [first, ...rest]]) =>
      rest.map(
        ({ operation }) =>
          `${operation.name}.graphql: ${first?.operation.name} has the name ${name} already`,
      ),
  );
  return [...wrong, ...duplicates];
}

/** `PlaceOrder` as `place_order`. */
const toSnakeCase = (name: string): string =>
  name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1_$2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
