import {
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isObjectType,
  type OperationTypeNode,
} from 'graphql';
import type { Json } from './environment.ts';

export type OperationKind = 'query' | 'mutation' | 'subscription';

/** Of operations that have one response. */
const ONE_RESPONSE: readonly OperationKind[] = ['query', 'mutation'];

/** A field on a path. */
export interface PathStep {
  /** The object type that has the field. */
  readonly on: string;
  /** The type that the parent field returns: `on`, or an interface or union of it. */
  readonly within: string;
  readonly field: string;
}

/** Nested fields that lead from the root to a field. */
export interface FieldPath {
  readonly operation: OperationKind;
  readonly steps: readonly PathStep[];
  /** The last field, as "Type.field". */
  readonly target: string;
}

export const nameOf = ({ on, field }: PathStep): string => `${on}.${field}`;

/** The names of the fields on a path, the root field first. */
export const fieldNames = ({ steps }: FieldPath): string[] => steps.map(({ field }) => field);

/** Lists the fields of all object types, as "Type.field". */
export const fieldsOf = (schema: GraphQLSchema): string[] =>
  Object.values(schema.getTypeMap())
    .filter(isObjectType)
    .filter(({ name }) => !name.startsWith('__'))
    .flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`));

/** Lists every path to every field that passes through no type twice. */
export function allPaths(
  schema: GraphQLSchema,
  operations: readonly OperationKind[] = ONE_RESPONSE,
): FieldPath[] {
  function* walk(within: string, before: readonly PathStep[]): Generator<PathStep[]> {
    for (const type of objectTypes(schema, within)) {
      if (before.some((step) => step.on === type.name)) continue;
      for (const { name: field, type: returned } of Object.values(type.getFields())) {
        const steps = [...before, { on: type.name, within, field }];
        yield steps;
        yield* walk(getNamedType(returned).name, steps);
      }
    }
  }
  return operations.flatMap((operation) =>
    [...walk(schema.getRootType(operation as OperationTypeNode)?.name ?? '', [])].map((steps) => ({
      operation,
      steps,
      target: steps.slice(-1).map(nameOf).join(),
    })),
  );
}

/**
 * Lists the shortest path to each field from each root field through each parent field, through
 * object types only.
 */
export function shortestPaths(
  schema: GraphQLSchema,
  operations: readonly OperationKind[] = ONE_RESPONSE,
): FieldPath[] {
  const found = new Map<string, FieldPath>();
  for (const path of allPaths(schema, operations)) {
    if (path.steps.some(({ on, within }) => on !== within)) continue;
    const ends = [path.steps[0], path.steps.at(-2), path.steps.at(-1)];
    const key = ends.map((step) => step && nameOf(step)).join(' ');
    const known = found.get(key);
    if (!known || known.steps.length > path.steps.length) found.set(key, path);
  }
  return [...found.values()];
}

function objectTypes(schema: GraphQLSchema, name: string): readonly GraphQLObjectType[] {
  const type = schema.getType(name);
  if (isObjectType(type)) return [type];
  return isAbstractType(type) ? schema.getPossibleTypes(type) : [];
}

/** Lists the values at a path of keys that are not null, of all elements of the lists on it. */
export function valuesAt(data: Json, keys: readonly string[]): unknown[] {
  let values: Json[] = [data];
  for (const key of keys) values = values.flat(2).map((value) => value?.[key]);
  return values.filter((value) => value != null);
}

/** Lists the scalars in a value. */
export function scalarsIn(value: unknown): unknown[] {
  if (value == null) return [];
  return typeof value === 'object' ? Object.values(value).flatMap(scalarsIn) : [value];
}
