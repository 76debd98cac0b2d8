import {
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
  isUnionType,
} from 'graphql';
import type { Step } from './documents.ts';

/** Where a selection is put, and what stands there. */
export interface Place {
  readonly schema: GraphQLSchema;
  readonly step: Step;
  readonly isLast: boolean;
  /** The fields that have a rule of their own, as "Type.field". */
  readonly guarded: ReadonlySet<string>;
  /** Defines a fragment. @returns its name */
  readonly define: (on: string, selection: string) => string;
}

/** How a document goes its way. */
export interface Manner {
  /** The key of a step in the answer. */
  readonly key?: (step: Step, depth: number) => string;
  /** Puts a selection into its place; undefined where the schema has no use for this. */
  readonly around?: (selection: string, place: Place) => string | undefined;
  /** Stands behind each field's arguments. */
  readonly directives?: string;
  /** The target's own keys, where it is asked for more than once; its name if empty. */
  readonly twins?: readonly string[];
  /** What the operation declares. */
  readonly variables?: string;
  readonly given?: Readonly<Record<string, unknown>>;
  /** Stands before the operation, which has a name then. */
  readonly before?: string;
  readonly method?: 'GET';
}

export const MANNERS = {
  'by its name': {},
  'by an alias, as all above it': { key: (_step, depth) => `a${depth}` },
  'by the name of an open field': { key: () => 'id' },
  'twice, under two aliases': { twins: ['one', 'two'] },
  'twice, once by its name': { twins: ['', 'again'] },
  'twice, in one key': { around: (text, { isLast }) => (isLast ? `${text} ${text}` : text) },
  'in a named fragment': { around: (text, { step, define }) => `...${define(step.on, text)}` },
  'in an inline fragment on its type': { around: (text, { step }) => on(step.on, text) },
  'in an inline fragment without a type': { around: (text) => `... { ${text} }` },
  'in fragments within fragments': {
    around: (text, { step, define }) => {
      const inner = define(step.on, `... { ${on(step.on, text)} }`);
      return `...${define(step.on, `...${inner}`)}`;
    },
  },
  'in a fragment on an interface': {
    around: (text, { schema, step }) => onAny(interfacesWith(schema, step), text),
  },
  'in a fragment on a union': {
    around: (text, { schema, step }) => onAny(unionsWith(schema, step), on(step.on, text)),
  },
  'with @include': { directives: '@include(if: true)' },
  'in a fragment with @skip': { around: (text) => `... @skip(if: false) { ${text} }` },
  'with @include and @skip by variables': {
    directives: '@include(if: $yes) @skip(if: $no)',
    variables: '($yes: Boolean!, $no: Boolean! = false)',
    given: { yes: true },
  },
  'beside what is open': { around: (text, place) => `${openBeside(place)} ${text}` },
  'in one of several operations': { before: 'query Other { __typename }' },
  'over GET': { method: 'GET' },
} as const satisfies Record<string, Manner>;

const NEED_ABSTRACT_TYPES = ['in a fragment on an interface', 'in a fragment on a union'];

/** Those of use in every schema. */
export const PLAIN_MANNERS: ReadonlySet<string> = new Set(Object.keys(MANNERS)).difference(
  new Set(NEED_ABSTRACT_TYPES),
);

export const on = (type: string, selection: string): string => `... on ${type} { ${selection} }`;

const onAny = ([type]: readonly string[], selection: string) => type && on(type, selection);

function interfacesWith(schema: GraphQLSchema, { on: name, field }: Step): string[] {
  const type = schema.getType(name);
  if (!isObjectType(type)) return [];
  const declares = type.getInterfaces().filter((known) => known.getFields()[field]);
  return declares.map((known) => known.name);
}

const unionsWith = (schema: GraphQLSchema, { on: name }: Step): string[] =>
  Object.values(schema.getTypeMap())
    .filter(isUnionType)
    .filter((union) => union.getTypes().some((member) => member.name === name))
    .map((union) => union.name);

/** What may be asked for on the same object without a rule of its own. */
function openBeside({ schema, step, guarded }: Place): string {
  const open = leavesOn(schema, step.on).filter((field) => !guarded.has(`${step.on}.${field}`));
  const spelled = open.map((field) => (hasField(schema, step, field) ? field : on(step.on, field)));
  return ['__typename', ...spelled].join(' ');
}

/** The fields of an object type that have plain values and need no arguments; none of changes. */
export function leavesOn(schema: GraphQLSchema, name: string): string[] {
  const type = schema.getType(name);
  if (!isObjectType(type) || type === schema.getMutationType()) return [];
  const isLeaf = ({ type: returned, args }: GraphQLField<unknown, unknown>) =>
    isLeafType(getNamedType(returned)) && !args.some(isRequiredArgument);
  const leaves = Object.values(type.getFields()).filter(isLeaf);
  return leaves.map(({ name: field }) => field);
}

/** Whether a field can be asked for without saying on which type. */
export function hasField(schema: GraphQLSchema, { within }: Step, field: string): boolean {
  const type = schema.getType(within);
  return (isObjectType(type) || isInterfaceType(type)) && Object.hasOwn(type.getFields(), field);
}
