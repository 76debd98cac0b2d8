import {
  type ConstValueNode,
  type DocumentNode,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isInputType,
  isLeafType,
  isListType,
  isNonNullType,
  type OperationDefinitionNode,
  TypeInfo,
  typeFromAST,
  type VariableDefinitionNode,
  visit,
  visitWithTypeInfo,
} from 'graphql';

/** A variable of an operation, as a part of a request. */
export interface RestParameter {
  readonly name: string;
  readonly type: GraphQLInputType;
  readonly isRequired: boolean;
  readonly defaultValue: ConstValueNode | undefined;
  /** That of the argument that the variable is passed to. */
  readonly description: string | undefined;
}

/** The JSON body: the value of one variable, or an object with a member for each variable. */
export type RestBody =
  | {
      readonly kind: 'value';
      readonly variable: RestParameter;
      readonly type: GraphQLInputObjectType;
    }
  | { readonly kind: 'members'; readonly variables: readonly RestParameter[] };

/** The parts of a request that the variables of an operation come from. */
export interface RouteInputs {
  readonly path: readonly RestParameter[];
  readonly query: readonly RestParameter[];
  /** Undefined if the request has no body. */
  readonly body: RestBody | undefined;
  /** True if the header `Idempotency-Key` is the field `idempotencyKey` of the body. */
  readonly hasIdempotencyKey: boolean;
  readonly faults: readonly string[];
}

/** The field of an input object that is sent as a header. */
export const IDEMPOTENCY_FIELD = 'idempotencyKey';

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
  const descriptions = describeVariables(schema, document);
  const parameters = (definition.variableDefinitions ?? []).flatMap((variable) =>
    toParameter(schema, variable, descriptions),
  );
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

function toParameter(
  schema: GraphQLSchema,
  { variable, type: node, defaultValue }: VariableDefinitionNode,
  descriptions: ReadonlyMap<string, string>,
): readonly RestParameter[] {
  const type = typeFromAST(schema, node);
  if (!isInputType(type)) return [];
  const name = variable.name.value;
  const isRequired = isNonNullType(type) && !defaultValue;
  return [{ name, type, isRequired, defaultValue, description: descriptions.get(name) }];
}

function toBody(variables: readonly RestParameter[]): RestBody | undefined {
  const [first, ...others] = variables;
  if (!first) return undefined;
  const type = getNamedType(first.type);
  const isValue = others.length === 0 && isInputObjectType(type) && type === itemTypeOf(first.type);
  if (!isValue || isListType(getNullableType(first.type))) return { kind: 'members', variables };
  return { kind: 'value', variable: first, type };
}

/** The description of the first argument that each variable is passed to. */
function describeVariables(schema: GraphQLSchema, document: DocumentNode): Map<string, string> {
  const descriptions = new Map<string, string>();
  const types = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(types, {
      Variable({ name }) {
        const { description } = types.getArgument() ?? {};
        if (description && !descriptions.has(name.value)) descriptions.set(name.value, description);
      },
    }),
  );
  return descriptions;
}
