import {
  type DocumentNode,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isLeafType,
  isListType,
  type OperationDefinitionNode,
} from 'graphql';
import {
  IDEMPOTENCY_FIELD,
  listVariables,
  type OperationVariable,
} from '../operation-variables.ts';

/** The JSON body: the value of one variable, or an object with a member for each variable. */
export type RestBody =
  | {
      readonly kind: 'value';
      readonly variable: OperationVariable;
      readonly type: GraphQLInputObjectType;
    }
  | { readonly kind: 'members'; readonly variables: readonly OperationVariable[] };

/** The parts of a request that the variables of an operation come from. */
export interface RouteInputs {
  readonly path: readonly OperationVariable[];
  readonly query: readonly OperationVariable[];
  /** Undefined if the request has no body. */
  readonly body: RestBody | undefined;
  /** True if the header `Idempotency-Key` is the field `idempotencyKey` of the body. */
  readonly hasIdempotencyKey: boolean;
  readonly faults: readonly string[];
}

interface Places {
  /** The names in the path. */
  readonly inPath: ReadonlySet<string>;
  /** True if all other variables are in the body, false if they are in the query string. */
  readonly hasBody: boolean;
}

export function collectInputs(
  schema: GraphQLSchema,
  document: DocumentNode,
  definition: OperationDefinitionNode,
  { inPath, hasBody }: Places,
): RouteInputs {
  const parameters = listVariables(schema, document, definition);
  const path = parameters.filter(({ name }) => inPath.has(name));
  const others = parameters.filter(({ name }) => !inPath.has(name));
  const query = hasBody ? [] : others;
  const body = hasBody ? toBody(others) : undefined;
  const names = new Set(path.map(({ name }) => name));
  const faults = [
    ...[...inPath.difference(names)].map((name) => `{${name}} is no variable of the operation`),
    ...path
      .filter(({ type }) => !isLeafType(getNullableType(type)))
      .map(({ name }) => `{${name}} is not a plain value`),
    ...query
      .filter(({ type }) => !isLeafType(itemTypeOf(type)))
      .map(({ name }) => `$${name} is an object, and the request has no body`),
  ];
  const hasIdempotencyKey =
    body?.kind === 'value' && body.type.getFields()[IDEMPOTENCY_FIELD] !== undefined;
  return { path, query, body, hasIdempotencyKey, faults };
}

/** The type of the items of a list; any other type as it is. Both without "!". */
export function itemTypeOf(type: GraphQLInputType): GraphQLInputType {
  const nullable = getNullableType(type);
  return isListType(nullable) ? getNullableType(nullable.ofType) : nullable;
}

function toBody(variables: readonly OperationVariable[]): RestBody | undefined {
  const [first, ...others] = variables;
  if (!first) return undefined;
  const type = getNamedType(first.type);
  const isValue = others.length === 0 && isInputObjectType(type) && type === itemTypeOf(first.type);
  if (!isValue || isListType(getNullableType(first.type))) return { kind: 'members', variables };
  return { kind: 'value', variable: first, type };
}
