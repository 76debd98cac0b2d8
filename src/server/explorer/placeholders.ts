import {
  type DocumentNode,
  type GraphQLInputType,
  type GraphQLSchema,
  getOperationAST,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredInputField,
} from 'graphql';
import { listVariables } from '../../protocols/operation-variables.ts';

const SCALARS: Readonly<Record<string, unknown>> = { Boolean: false, Float: 0, Int: 0 };

/**
 * The required variables of an operation, as JSON with placeholders to fill in.
 * @returns undefined if it requires none
 */
export function placeholdersFor(schema: GraphQLSchema, document: DocumentNode): string | undefined {
  const definition = getOperationAST(document);
  const variables = definition ? listVariables(schema, document, definition) : [];
  const required = variables.filter(({ isRequired }) => isRequired);
  if (required.length === 0) return undefined;
  const entries = required.map(({ name, type }) => [name, placeholderFor(type)] as const);
  return JSON.stringify(Object.fromEntries(entries), null, 2);
}

function placeholderFor(type: GraphQLInputType): unknown {
  if (isNonNullType(type)) return placeholderFor(type.ofType);
  if (isListType(type)) return [placeholderFor(type.ofType)];
  if (isEnumType(type)) return type.getValues()[0]?.name;
  if (!isInputObjectType(type)) return SCALARS[type.name] ?? '';
  const required = Object.values(type.getFields()).filter(isRequiredInputField);
  return Object.fromEntries(required.map((field) => [field.name, placeholderFor(field.type)]));
}
