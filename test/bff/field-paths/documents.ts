import {
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isLeafType,
  isObjectType,
} from 'graphql';
import { hasField, leavesOn, MANNERS, type Manner, on, type Place } from './spellings.ts';

/** One field on the way to a guarded one. */
export interface Step {
  /** The object type that has the field. */
  readonly on: string;
  /** The type that the field above returns: the same, or an interface or union that it belongs to. */
  readonly within: string;
  readonly field: string;
}

/** A nested way to a field, from a field of the root on. */
export interface Path {
  readonly operation: 'query' | 'mutation';
  readonly steps: readonly Step[];
  /** The field at its end, as "Type.field". */
  readonly target: string;
}

/** Every nested way to the fields, through no type twice. */
export function pathsTo(schema: GraphQLSchema, targets: ReadonlySet<string>): Path[] {
  function* walk(within: string, before: readonly Step[]): Generator<Step[]> {
    for (const type of objectsOf(schema, within)) {
      if (before.some((step) => step.on === type.name)) continue;
      for (const { name: field, type: returned } of Object.values(type.getFields())) {
        const steps = [...before, { on: type.name, within, field }];
        yield steps;
        yield* walk(getNamedType(returned).name, steps);
      }
    }
  }
  const roots = { query: schema.getQueryType(), mutation: schema.getMutationType() };
  return (['query', 'mutation'] as const).flatMap((operation) =>
    [...walk(roots[operation]?.name ?? '', [])]
      .map((steps) => ({ operation, steps, target: steps.slice(-1).map(nameOf).join() }))
      .filter(({ target }) => targets.has(target)),
  );
}

function objectsOf(schema: GraphQLSchema, name: string) {
  const type = schema.getType(name);
  if (isObjectType(type)) return [type];
  return isAbstractType(type) ? schema.getPossibleTypes(type) : [];
}

export const nameOf = ({ on: type, field }: Step): string => `${type}.${field}`;

/** A document that goes one way, in one manner. */
export interface Asked {
  readonly query: string;
  readonly operationName?: string | undefined;
  readonly variables?: Readonly<Record<string, unknown>> | undefined;
  readonly method?: 'GET' | undefined;
  /** Where the values of the target would stand in the answer: keys, positions in lists left out. */
  readonly places: readonly (readonly string[])[];
}

/**
 * The documents that go a way, by their manner; those that the schema has no use for are left out.
 * @param args - the root field's, as in GraphQL: `(id: "1")`, or nothing
 * @param guarded - the fields that have a rule of their own, as "Type.field"
 */
export function documentsFor(
  schema: GraphQLSchema,
  path: Path,
  args: string,
  guarded: ReadonlySet<string>,
): Map<string, Asked> {
  const entries = Object.entries(MANNERS).flatMap(([how, manner]) => {
    const asked = toAsked(schema, path, args, guarded, manner);
    return asked ? [[how, asked] as const] : [];
  });
  return new Map(entries);
}

function toAsked(
  schema: GraphQLSchema,
  { operation, steps }: Path,
  args: string,
  guarded: ReadonlySet<string>,
  manner: Manner,
): Asked | undefined {
  const { key = ({ field }) => field, around, twins = [''] } = manner;
  const fragments: string[] = [];
  const define: Place['define'] = (type, selection) => {
    const name = `F${fragments.length}`;
    fragments.push(`fragment ${name} on ${type} { ${selection} }`);
    return name;
  };
  const keys = steps.map(key);
  const above = keys.slice(0, -1);
  const ownKeys = twins.map((twin) => twin || (keys.at(-1) ?? ''));
  let isOfUse = around === undefined;

  const selection = steps.reduceRight(
    (inner, step, depth) => {
      const isLast = depth === steps.length - 1;
      const text = (isLast ? ownKeys : [keys[depth] ?? ''])
        .map((name) => (name === step.field ? name : `${name}: ${step.field}`))
        .map((name) => `${name}${depth === 0 ? args : ''} ${manner.directives ?? ''} ${inner}`)
        .join(' ');
      const plain = hasField(schema, step, step.field) ? text : on(step.on, text);
      const placed = around?.(plain, { schema, step, isLast, guarded, define });
      isOfUse ||= placed !== undefined;
      return `{ ${placed ?? plain} }`;
    },
    valuesOf(schema, steps.at(-1)),
  );
  if (!isOfUse) return undefined;

  const { before = '', variables = '', given, method } = manner;
  const asked = `${before} ${operation} Asked${variables} ${selection} ${fragments.join(' ')}`;
  return {
    query: asked.replaceAll(/ +/g, ' ').trim(),
    operationName: before ? 'Asked' : undefined,
    variables: given,
    method,
    places: ownKeys.map((own) => [...above, own]),
  };
}

/** All plain values of what a field returns, so that a leak would show. */
function valuesOf(schema: GraphQLSchema, step: Step | undefined): string {
  const type = step && schema.getType(step.on);
  const field = isObjectType(type) && step ? type.getFields()[step.field] : undefined;
  const returned = field && getNamedType(field.type);
  if (!returned || isLeafType(returned)) return '';
  return `{ ${['__typename', ...leavesOn(schema, returned.name)].join(' ')} }`;
}
