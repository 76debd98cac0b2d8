import {
  type ConstValueNode,
  type GraphQLEnumType,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  valueFromAST,
} from 'graphql';
import type { OperationVariable } from './operation-variables.ts';
import type { SelectedField, SelectionReader } from './selected-fields.ts';

/** A schema in the vocabulary of JSON Schema 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The scalars of the GraphQL specification (October 2021, §3.5). */
const SCALARS: Readonly<Record<string, JsonSchema>> = {
  Boolean: { type: 'boolean' },
  Float: { type: 'number' },
  ID: { type: 'string' },
  Int: { type: 'integer', format: 'int32' },
  String: { type: 'string' },
};

/**
 * Describes values of GraphQL types as they are in JSON. Enums and input objects are collected as named
 * schemas; objects are described where they are, because each selection has other fields.
 * @param referTo - the reference to a named schema
 * @param omitted - the fields that input objects do not have in this protocol
 */
export function createSchemaWriter(
  referTo: (name: string) => string,
  omitted: ReadonlySet<string> = new Set(),
) {
  const named = new Map<string, JsonSchema>();

  function reference({ name }: { readonly name: string }, describe: () => JsonSchema): JsonSchema {
    if (!named.has(name)) {
      // Before it is described, because an input object may contain itself.
      named.set(name, {});
      named.set(name, describe());
    }
    return { $ref: referTo(name) };
  }

  function ofInput(type: GraphQLInputType): JsonSchema {
    if (isNonNullType(type)) return ofNonNullInput(type.ofType);
    return orNull(ofNonNullInput(type));
  }

  function ofNonNullInput(type: GraphQLInputType): JsonSchema {
    if (isNonNullType(type)) return ofNonNullInput(type.ofType);
    if (isListType(type)) return { type: 'array', items: ofInput(type.ofType) };
    if (isInputObjectType(type)) return reference(type, () => ofInputObject(type));
    return ofLeaf(type);
  }

  function ofLeaf(type: GraphQLLeafType): JsonSchema {
    if (isEnumType(type)) return reference(type, () => ofEnum(type));
    const known = SCALARS[type.name];
    if (known) return known;
    const { description, extensions } = type;
    return { ...(extensions.jsonSchema as JsonSchema), ...(description && { description }) };
  }

  function ofInputObject(type: GraphQLInputObjectType): JsonSchema {
    const fields = Object.values(type.getFields()).filter(({ name }) => !omitted.has(name));
    return {
      ...describe(type),
      type: 'object',
      properties: Object.fromEntries(
        fields.map((field) => [
          field.name,
          {
            ...ofInput(field.type),
            ...describe(field),
            ...defaultOf(field.astNode?.defaultValue, field.type),
          },
        ]),
      ),
      ...required(
        fields
          .filter(({ type, defaultValue }) => isNonNullType(type) && defaultValue === undefined)
          .map(({ name }) => name),
      ),
      additionalProperties: false,
    };
  }

  function ofVariables(variables: readonly OperationVariable[]): JsonSchema {
    return {
      type: 'object',
      properties: Object.fromEntries(
        variables.map((variable) => [
          variable.name,
          {
            ...ofInput(variable.type),
            ...describe(variable),
            ...defaultOf(variable.defaultValue, variable.type),
          },
        ]),
      ),
      ...required(variables.filter(({ isRequired }) => isRequired).map(({ name }) => name)),
      additionalProperties: false,
    };
  }

  function ofOutput(
    type: GraphQLOutputType,
    field: SelectedField,
    read: SelectionReader,
  ): JsonSchema {
    if (isNonNullType(type)) return ofNonNullOutput(type.ofType, field, read);
    return orNull(ofNonNullOutput(type, field, read));
  }

  function ofNonNullOutput(
    type: GraphQLOutputType,
    field: SelectedField,
    read: SelectionReader,
  ): JsonSchema {
    if (isNonNullType(type)) return ofNonNullOutput(type.ofType, field, read);
    if (isListType(type)) return { type: 'array', items: ofOutput(type.ofType, field, read) };
    if (isObjectType(type)) return ofObject(type, read(type, field.selectionSets), read);
    // The fields of interfaces and unions depend on the type of each object.
    return isCompositeType(type) ? { type: 'object' } : ofLeaf(type);
  }

  /** @param fields - by their response names */
  function ofObject(
    type: GraphQLObjectType,
    fields: ReadonlyMap<string, SelectedField>,
    read: SelectionReader,
  ): JsonSchema {
    const list = [...fields];
    return {
      ...describe(type),
      type: 'object',
      properties: Object.fromEntries(
        list.map(([name, field]) => [
          name,
          { ...ofOutput(field.definition.type, field, read), ...describe(field.definition) },
        ]),
      ),
      ...required(list.filter(([, { isConditional }]) => !isConditional).map(([name]) => name)),
    };
  }

  return {
    /** The named schemas so far. */
    named,
    ofInput,
    /** The value of an input that is not null. */
    ofNonNullInput,
    /** An object with the variables as members. */
    ofVariables,
    ofObject,
  };
}

export type SchemaWriter = ReturnType<typeof createSchemaWriter>;

/** The default of an input, as JSON. */
export function defaultOf(
  value: ConstValueNode | null | undefined,
  type: GraphQLInputType,
): { readonly default?: unknown } {
  return value ? { default: valueFromAST(value, type) } : {};
}

function ofEnum(type: GraphQLEnumType): JsonSchema {
  const values = type.getValues();
  const lines = values.map(({ name, description }) => `- \`${name}\`: ${description ?? ''}`);
  return {
    description: [type.description, ...lines].filter(Boolean).join('\n'),
    type: 'string',
    enum: values.map(({ name }) => name),
  };
}

function orNull(schema: JsonSchema): JsonSchema {
  const { type } = schema;
  if (typeof type === 'string') return { ...schema, type: [type, 'null'] };
  return { anyOf: [schema, { type: 'null' }] };
}

const describe = ({ description }: { readonly description?: string | null | undefined }) =>
  description ? { description } : {};

const required = (names: readonly string[]) => (names.length > 0 ? { required: names } : {});
