import { type GraphQLSchema, getNamedType, isObjectType } from 'graphql';
import type { Json } from './environment.ts';

/** One way to a field: the names of the fields that are asked for, the root field first. */
export interface Way {
  readonly operation: 'query' | 'mutation';
  readonly steps: readonly string[];
  /** The field it leads to, as "Type.field". */
  readonly target: string;
}

/** Every object type's fields, as "Type.field". */
export const fieldsOf = (schema: GraphQLSchema): string[] =>
  Object.values(schema.getTypeMap())
    .filter(isObjectType)
    .filter(({ name }) => !name.startsWith('__'))
    .flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`));

/**
 * Ways from the roots to every field: below each root field, one through each field that returns the
 * type it belongs to, the shortest, and through no type twice.
 */
export function waysThrough(schema: GraphQLSchema): Way[] {
  const found = new Map<string, Way>();

  function walk(operation: Way['operation'], typeName: string, before: Step[]) {
    const type = schema.getType(typeName);
    if (!isObjectType(type) || before.some((step) => step.on === typeName)) return;
    for (const field of Object.values(type.getFields())) {
      const steps = [...before, { on: typeName, field: field.name }];
      const way = {
        operation,
        steps: steps.map((step) => step.field),
        target: nameOf(steps.at(-1)),
      };
      const key = [steps[0], steps.at(-2), steps.at(-1)].map(nameOf).join(' ');
      const known = found.get(key);
      if (!known || known.steps.length > steps.length) found.set(key, way);
      walk(operation, getNamedType(field.type).name, steps);
    }
  }

  walk('query', schema.getQueryType()?.name ?? '', []);
  walk('mutation', schema.getMutationType()?.name ?? '', []);
  return [...found.values()];
}

interface Step {
  readonly on: string;
  readonly field: string;
}

const nameOf = (step: Step | undefined): string => (step ? `${step.on}.${step.field}` : '');

/**
 * The operation that asks for the end of one way and nothing else. A mutation's user errors come
 * along as `refusals`, because a refusal may be said there.
 * @param args - the root field's, as in GraphQL: `(id: "1")`, or nothing
 */
export function toOperation(schema: GraphQLSchema, way: Way, args: string): string {
  const [root = '', ...below] = way.steps;
  const [typeName = '', fieldName = ''] = way.target.split('.');
  const type = schema.getType(typeName);
  const target = isObjectType(type) ? type.getFields()[fieldName] : undefined;
  const isComposite = target && isObjectType(getNamedType(target.type));
  const end = isComposite ? ' { __typename }' : '';
  const inner = below.reduceRight((selection, step) => ` { ${step}${selection} }`, end);
  if (way.operation === 'query') return `{ ${root}${args}${inner} }`;
  const withRefusals = inner.replace(/}$/, 'refusals: userErrors { code } }');
  return `mutation { ${root}${args}${withRefusals} }`;
}

/** The values at the end of a way, those of all members of the lists on it. */
export function valuesAt(data: Json, steps: readonly string[]): unknown[] {
  let values: Json[] = [data];
  for (const step of steps) values = values.flat(2).map((value) => value?.[step]);
  return values.filter((value) => value != null);
}

/** A null that no error explains: the object just has no such value. */
export const NO_VALUE = 'null without an error';

/** What came back, in one word of the table, or whatever else it was. */
export function verdictOf(body: Json, way: Way): string {
  const [error] = body.errors ?? [];
  if (error) return error.extensions?.code ?? 'an error without a code';
  const refusals: { code: string }[] = body.data[way.steps[0] ?? ''].refusals ?? [];
  const missing = refusals.filter(({ code }) => code === 'NOT_FOUND');
  if (missing.length > 0) return missing.length === refusals.length ? 'userError' : 'half refused';
  return valuesAt(body.data, way.steps).length > 0 ? 'yes' : NO_VALUE;
}

/** Everything in an answer that is neither an object nor a list nor null. */
export function leavesOf(value: unknown): unknown[] {
  if (value == null) return [];
  return typeof value === 'object' ? Object.values(value).flatMap(leavesOf) : [value];
}
