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
  /** One line for people. */
  readonly text: string;
}

type Described = { readonly name: string; readonly description?: string | null | undefined };

/** The schema as it is committed: sorted, so that only what means something makes a difference. */
export function printSorted(schema: GraphQLSchema): string {
  return `${printSchema(lexicographicSortSchema(schema))}\n`;
}

/** What a client of the old schema would notice in the new one, breaking changes first. */
export async function listChanges(before: string, after: string): Promise<SchemaChange[]> {
  const changes = await diff(buildSchema(before), buildSchema(after));
  return changes
    .map(({ criticality, message }) => ({
      breaking: criticality.level === CriticalityLevel.Breaking,
      text: `${criticality.level.toLowerCase().replace('_', '-')}: ${message}`,
    }))
    .sort((a, b) => Number(b.breaking) - Number(a.breaking));
}

/** The types, fields, arguments, input fields and enum values that nothing describes. */
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

const undescribed = (path: string, parts: readonly Described[]): string[] =>
  parts.filter(({ description }) => !description?.trim()).map(({ name }) => path + name);
