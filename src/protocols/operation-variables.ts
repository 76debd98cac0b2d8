import {
  type ConstValueNode,
  type DocumentNode,
  type GraphQLInputType,
  type GraphQLSchema,
  isInputType,
  isNonNullType,
  type OperationDefinitionNode,
  TypeInfo,
  typeFromAST,
  type VariableDefinitionNode,
  visit,
  visitWithTypeInfo,
} from 'graphql';

/** A variable of an operation, which protocols name and describe in their own way. */
export interface OperationVariable {
  readonly name: string;
  readonly type: GraphQLInputType;
  readonly isRequired: boolean;
  readonly defaultValue: ConstValueNode | undefined;
  /** That of the argument that the variable is passed to. */
  readonly description: string | undefined;
}

/** The field of an input object that makes it safe to send a mutation again. */
export const IDEMPOTENCY_FIELD = 'idempotencyKey';

/** Lists the variables of an operation, in its order. */
export function listVariables(
  schema: GraphQLSchema,
  document: DocumentNode,
  definition: OperationDefinitionNode,
): readonly OperationVariable[] {
  const descriptions = describeVariables(schema, document);
  return (definition.variableDefinitions ?? []).flatMap((variable) =>
    toVariable(schema, variable, descriptions),
  );
}

function toVariable(
  schema: GraphQLSchema,
  { variable, type: node, defaultValue }: VariableDefinitionNode,
  descriptions: ReadonlyMap<string, string>,
): readonly OperationVariable[] {
  const type = typeFromAST(schema, node);
  if (!isInputType(type)) return [];
  const name = variable.name.value;
  const isRequired = isNonNullType(type) && !defaultValue;
  return [{ name, type, isRequired, defaultValue, description: descriptions.get(name) }];
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
