import { CriticalityLevel, diff } from '@graphql-inspector/core';
import {
  buildSchema,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  lexicographicSortSchema,
  printSchema,
} from 'graphql';

export interface SchemaChange {
  readonly breaking: boolean;
  /** True for the description of something new, which is a change of its own. */
  readonly isNewDescription: boolean;
  /** One line of text for the terminal. */
  readonly text: string;
}

type SchemaElement = { readonly name: string; readonly description?: string | null | undefined };

/** Prints the schema sorted by name, so that the order of definitions makes no difference. */
export function printSorted(schema: GraphQLSchema): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}

/** Lists the changes that clients of the old schema would notice, breaking ones first. */
export async function listChanges(before: string, after: string): Promise<SchemaChange[]> {
  const changes = await diff(buildSchema(before), buildSchema(after));
  return changes
    .map(({ criticality, message, type }) => ({
      breaking: criticality.level === CriticalityLevel.Breaking,
      isNewDescription: type.endsWith('DESCRIPTION_ADDED'),
      text: `${criticality.level.toLowerCase().replace('_', '-')}: ${message}`,
    }))
    .sort((a, b) => Number(b.breaking) - Number(a.breaking));
}

/** Lists the types, fields, arguments, input fields and enum values without a description. */
export function listUndescribed(schema: GraphQLSchema): string[] {
  return Object.values(schema.getTypeMap())
    .filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type))
    .flatMap((type) => [
      ...undescribed('', [type]),
      ...(isEnumType(type) ? undescribed(`${type.name}.`, type.getValues()) : []),
      ...(isInputObjectType(type)
        ? undescribed(`${type.name}.`, Object.values(type.getFields()))
        : []),
      ...(isObjectType(type) || isInterfaceType(type)
        ? Object.values(type.getFields()).flatMap((field) => [
            ...undescribed(`${type.name}.`, [field]),
            ...undescribed(`${type.name}.${field.name}.`, field.args),
          ])
        : []),
    ]);
}

const undescribed = (path: string, elements: readonly SchemaElement[]): string[] =>
  elements.filter(({ description }) => !description?.trim()).map(({ name }) => path + name);
