/**
 * Samples of a BFF's schema, from which documents of attacks are made: no attack names a field of a
 * domain, so each works against any BFF.
 */

import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputObjectType,
  type GraphQLInputType,
  GraphQLInt,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isListType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';
import { anyone } from '../../src/auth/rules.ts';
import { mergeTrees } from '../../src/auth/shield.ts';
import type { BffDefinition } from '../../src/bff.ts';
import { buildSchema } from '../../src/server/build-schema.ts';
import { fieldNames, type OperationKind, shortestPaths } from '../support/field-paths.ts';
import { USER_ID } from './bffs.ts';
import { literalsWithVariable, sampleLiteral, sampleValue } from './input-samples.ts';

type Field = GraphQLField<unknown, unknown>;

/** A root field that takes an id and returns an object, for everyone if there is such a field. */
export interface Lookup {
  readonly field: string;
  readonly argument: string;
  readonly type: string;
  /** A field of that type without a selection of its own. */
  readonly leaf: string;
  /** The selection of one object, by the literal of its id. */
  readonly select: (id?: string) => string;
}

/** A mutation with an input object. */
export interface InputMutation {
  readonly field: string;
  readonly argument: string;
  readonly inputType: string;
  readonly inputField: string;
  /** A field of the input with a list of input objects, if there is one. */
  readonly listField: string | undefined;
  /** The selection of the payload, with braces. */
  readonly payload: string;
}

/** A position of a document that takes a client's text. */
export interface TextPosition {
  /** A document with the variable `$a` at the position. */
  readonly query: string;
  /** The position, as "Type.field(argument.inputField)". */
  readonly name: string;
}

/** A path of fields that leads from a type to the same type. */
interface Cycle {
  readonly start: readonly string[];
  readonly type: string;
  readonly steps: readonly string[];
}

export type SchemaSamples = ReturnType<typeof samplesOf>;

export function samplesOf(bff: BffDefinition) {
  const schema = buildSchema(bff);
  return {
    schema,
    lookup: lookupOf(bff, schema),
    /** A query that needs a signed-in viewer; staff can execute it. */
    privateQuery: privateQueryOf(bff, schema),
    inputMutations: inputMutationsOf(schema),
    enumType: Object.values(schema.getTypeMap()).find(isOwnEnum)?.name,
    textPositions: textPositionsOf(schema),
    /** Documents with `length` elements in a list argument. */
    longLists: (length: number) => longListsOf(schema, length),
    /** The selection of a list with the size `$size` in its text, e.g. `{viewer{loans(first:$size)…}}`. */
    sizedList: sizedListsOf(schema, 1)[0],
    /** The same with a list in a list. */
    nestedSizedList: sizedListsOf(schema, 2)[0],
    cycle: cycleOf(schema),
    /** Prints a path of fields from the root of queries, with the innermost selection. */
    nestFromRoot: (steps: readonly string[], innermost: string) =>
      nestedSelection(schema, 'query', steps, innermost),
    /** The same from a type. */
    nestFrom: (type: string, steps: readonly string[], innermost: string) =>
      selectionFrom(schema.getType(type) as GraphQLObjectType, steps, innermost),
  };
}

/** The paths to all fields, without those through an interface or a union. */
const pathsOf = (schema: GraphQLSchema) =>
  shortestPaths(schema)
    .filter(({ steps }) => steps.every(({ on, within }) => on === within))
    .map((path) => ({ ...path, steps: fieldNames(path) }));

const rootType = (schema: GraphQLSchema, operation: OperationKind): GraphQLObjectType | undefined =>
  (operation === 'query' ? schema.getQueryType() : schema.getMutationType()) ?? undefined;

const rootFields = (schema: GraphQLSchema, operation: OperationKind): Field[] =>
  Object.values(rootType(schema, operation)?.getFields() ?? {});

const ruleOf = ({ domains, ...bff }: BffDefinition, field: string) =>
  mergeTrees([...domains, bff].map(({ permissions }) => permissions)).Query?.[field];

function lookupOf(bff: BffDefinition, schema: GraphQLSchema): Lookup {
  const fields = rootFields(schema, 'query').filter(
    ({ args: [id, ...others], type }) =>
      id?.type.toString() === 'ID!' && others.length === 0 && isObjectType(getNamedType(type)),
  );
  const found = fields.find(({ name }) => ruleOf(bff, name) === anyone) ?? fields[0];
  if (!found) throw new Error(`${bff.name} has no root field that takes an id`);
  const [argument] = found.args as [GraphQLArgument];
  const type = getNamedType(found.type) as GraphQLObjectType;
  const [leaf = '__typename'] = leavesOf(type).filter((name) => name !== 'id');
  return {
    field: found.name,
    argument: argument.name,
    type: type.name,
    leaf,
    select: (id = `"${USER_ID}"`) => `${found.name}(${argument.name}:${id}){${leaf}}`,
  };
}

function privateQueryOf(bff: BffDefinition, schema: GraphQLSchema): string {
  const found = rootFields(schema, 'query').find(
    ({ name, args }) => ruleOf(bff, name) !== anyone && !args.some(isRequiredArgument),
  );
  if (!found) throw new Error(`${bff.name} has no query for signed-in viewers only`);
  return `{ ${found.name} { __typename } }`;
}

function inputMutationsOf(schema: GraphQLSchema): InputMutation[] {
  return rootFields(schema, 'mutation').flatMap(({ name, args, type }) => {
    const argument = args.find((arg) => isInputObjectType(getNamedType(arg.type)));
    if (!argument) return [];
    const inputType = getNamedType(argument.type) as GraphQLInputObjectType;
    const inputFields = Object.values(inputType.getFields());
    const isObjectList = ({ type }: GraphQLInputField) =>
      isListType(getNullableType(type)) && isInputObjectType(getNamedType(type));
    return [
      {
        field: name,
        argument: argument.name,
        inputType: inputType.name,
        inputField: inputFields[0]?.name ?? '',
        listField: inputFields.find(isObjectList)?.name,
        payload: selectionOf(type),
      },
    ];
  });
}

const isOwnEnum = (type: GraphQLNamedType): boolean =>
  isEnumType(type) && !type.name.startsWith('__');

function fieldAt(schema: GraphQLSchema, target: string): Field | undefined {
  const [typeName = '', name = ''] = target.split('.');
  return (schema.getType(typeName) as GraphQLObjectType).getFields()[name];
}

/** One position for each argument and input field that is an id or a string. */
function textPositionsOf(schema: GraphQLSchema): TextPosition[] {
  const seen = new Set<string>();
  return pathsOf(schema).flatMap(({ operation, steps, target }) =>
    (fieldAt(schema, target)?.args ?? []).flatMap((argument) =>
      literalsWithVariable(argument.type).flatMap(({ literal, type, path }) => {
        const name = `${target}(${[argument.name, ...path].join('.')})`;
        if (seen.has(name)) return [];
        seen.add(name);
        const overrides = { [`${target}.${argument.name}`]: literal };
        const field = fieldAt(schema, target) as Field;
        const selection = nestedSelection(
          schema,
          operation,
          steps,
          selectionOf(field.type),
          overrides,
        );
        return [{ name, query: `${operation} ($a: ${type}!) { ${selection} }` }];
      }),
    ),
  );
}

function longListsOf(schema: GraphQLSchema, length: number) {
  return rootFields(schema, 'mutation').flatMap(({ name, args, type }) => {
    const hasList = (type: GraphQLInputType, outer: readonly GraphQLInputType[] = []): boolean => {
      const nullable = getNullableType(type);
      if (isListType(nullable)) return true;
      if (!isInputObjectType(nullable) || outer.includes(nullable)) return false;
      return Object.values(nullable.getFields()).some((field) =>
        hasList(field.type, [...outer, nullable]),
      );
    };
    if (!args.some(({ type }) => hasList(type))) return [];
    const declared = args.map((arg) => `$${arg.name}: ${arg.type}`).join(', ');
    const passed = args.map((arg) => `${arg.name}: $${arg.name}`).join(', ');
    return [
      {
        name,
        query: `mutation (${declared}) { ${name}(${passed}) ${selectionOf(type)} }`,
        variables: Object.fromEntries(args.map((arg) => [arg.name, sampleValue(arg.type, length)])),
      },
    ];
  });
}

const sizeArgumentOf = ({ args }: Field) =>
  args.find(({ type }) => getNamedType(type) === GraphQLInt)?.name;

/** Selections with `$size` as the size of so many lists inside each other, the shortest first. */
function sizedListsOf(schema: GraphQLSchema, lists: number): string[] {
  return pathsOf(schema)
    .filter(({ operation }) => operation === 'query')
    .toSorted((a, b) => a.steps.length - b.steps.length)
    .flatMap(({ steps }) => {
      const fields = fieldsAlong(rootType(schema, 'query') as GraphQLObjectType, steps);
      const sized = fields.filter(({ field }) => sizeArgumentOf(field) !== undefined);
      const last = fields.at(-1)?.field as Field;
      if (sized.length !== lists || !sizeArgumentOf(last)) return [];
      const overrides = Object.fromEntries(
        sized.map(({ on, field }) => [`${on}.${field.name}.${sizeArgumentOf(field)}`, '$size']),
      );
      return [
        `{${nestedSelection(schema, 'query', steps, wholeSelectionOf(last.type), overrides)}}`,
      ];
    });
}

/** The shortest path from a root field to a type that leads back to itself; undefined if there is none. */
function cycleOf(schema: GraphQLSchema): Cycle | undefined {
  const starts = pathsOf(schema)
    .filter(({ operation }) => operation === 'query')
    .toSorted((a, b) => a.steps.length - b.steps.length);
  for (const { steps: start, target } of starts) {
    const type = getNamedType(fieldAt(schema, target)?.type as never);
    if (!isObjectType(type)) continue;
    const steps = pathBack(type, type.name, new Set());
    if (steps) return { start, type: type.name, steps };
  }
  return undefined;
}

function pathBack(type: GraphQLObjectType, goal: string, seen: Set<string>): string[] | undefined {
  if (seen.has(type.name)) return undefined;
  seen.add(type.name);
  for (const { name, type: result } of Object.values(type.getFields())) {
    const next = getNamedType(result);
    if (!isObjectType(next)) continue;
    const rest = next.name === goal ? [] : pathBack(next, goal, seen);
    if (rest) return [name, ...rest];
  }
  return undefined;
}

type Overrides = Readonly<Record<string, string>>;

function fieldsAlong(type: GraphQLObjectType, steps: readonly string[]) {
  const fields: { on: string; field: Field }[] = [];
  let current = type;
  for (const step of steps) {
    const field = current.getFields()[step] as Field;
    fields.push({ on: current.name, field });
    current = getNamedType(field.type) as GraphQLObjectType;
  }
  return fields;
}

const nestedSelection = (
  schema: GraphQLSchema,
  operation: OperationKind,
  steps: readonly string[],
  innermost: string,
  overrides?: Overrides,
): string =>
  selectionFrom(rootType(schema, operation) as GraphQLObjectType, steps, innermost, overrides);

/** @param overrides - literals of arguments, by "Type.field.argument"; others only if required */
function selectionFrom(
  type: GraphQLObjectType,
  steps: readonly string[],
  innermost: string,
  overrides: Overrides = {},
): string {
  return fieldsAlong(type, steps).reduceRight((inner, { on, field }, index) => {
    const args = field.args.flatMap((argument) => {
      const literal =
        overrides[`${on}.${field.name}.${argument.name}`] ??
        (isRequiredArgument(argument) && sampleLiteral(argument.type));
      return literal ? [`${argument.name}:${literal}`] : [];
    });
    const selection = `${field.name}${args.length > 0 ? `(${args.join(',')})` : ''}${inner}`;
    return index > 0 ? `{${selection}}` : selection;
  }, innermost);
}

const leavesOf = (type: GraphQLObjectType): string[] =>
  Object.values(type.getFields())
    .filter(({ type, args }) => !isObjectType(getNamedType(type)) && !args.some(isRequiredArgument))
    .map(({ name }) => name);

/** Selects all fields below a field, with braces, and each type once. */
function wholeSelectionOf(type: Field['type'], seen: readonly string[] = []): string {
  const named = getNamedType(type);
  if (!isObjectType(named)) return '';
  const inner = Object.values(named.getFields()).filter(
    ({ type, args }) => !seen.includes(getNamedType(type).name) && !args.some(isRequiredArgument),
  );
  const selections = inner.map(
    ({ name, type }) => `${name}${wholeSelectionOf(type, [...seen, named.name])}`,
  );
  return `{${selections.join(' ')}}`;
}

/** Selects the first leaf below a field, with braces; nothing for a field that is a leaf. */
function selectionOf(type: Field['type'], seen: readonly string[] = []): string {
  const named = getNamedType(type);
  if (!isObjectType(named)) return '';
  const [leaf] = leavesOf(named);
  if (leaf) return `{${leaf}}`;
  const inner = Object.values(named.getFields()).find(
    ({ type, args }) => !seen.includes(getNamedType(type).name) && !args.some(isRequiredArgument),
  );
  if (!inner) return '{__typename}';
  return `{${inner.name}${selectionOf(inner.type, [...seen, named.name])}}`;
}
