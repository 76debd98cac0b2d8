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
import type { PathStep } from '../../support/field-paths.ts';

/** The place of a selection in a document. */
export interface Place {
  readonly schema: GraphQLSchema;
  readonly step: PathStep;
  readonly isLast: boolean;
  /** The fields that have a rule, as "Type.field". */
  readonly guarded: ReadonlySet<string>;
  /** Defines a fragment. @returns its name */
  readonly define: (on: string, selection: string) => string;
}

/** A way to write the document of a path; all spellings of a path select the same fields. */
export interface Spelling {
  /** The response key of a step (default: its field). */
  readonly key?: (step: PathStep, depth: number) => string;
  /** Wraps a selection; undefined if the spelling does not apply to this schema. */
  readonly wrap?: (selection: string, place: Place) => string | undefined;
  /** Follows the arguments of each field. */
  readonly directives?: string;
  /** Response keys of the target if it is selected more than once; '' stands for its name. */
  readonly targetKeys?: readonly string[];
  /** The variable definitions of the operation. */
  readonly variableDefinitions?: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  /** Another operation in front, so that the request must name its own. */
  readonly before?: string;
  readonly method?: 'GET';
}

export const SPELLINGS = {
  'by name': {},
  'with an alias at every step': { key: (_step, depth) => `a${depth}` },
  'with the name of an unguarded field as alias': { key: () => 'id' },
  'twice, with two aliases': { targetKeys: ['one', 'two'] },
  'twice, by name and with an alias': { targetKeys: ['', 'again'] },
  'twice, by name': { wrap: (text, { isLast }) => (isLast ? `${text} ${text}` : text) },
  'in a named fragment': { wrap: (text, { step, define }) => `...${define(step.on, text)}` },
  'in an inline fragment on its type': { wrap: (text, { step }) => on(step.on, text) },
  'in an inline fragment without a type': { wrap: (text) => `... { ${text} }` },
  'in nested fragments': {
    wrap: (text, { step, define }) => {
      const inner = define(step.on, `... { ${on(step.on, text)} }`);
      return `...${define(step.on, `...${inner}`)}`;
    },
  },
  'in a fragment on an interface': {
    wrap: (text, { schema, step }) => onFirst(interfacesWith(schema, step), text),
  },
  'in a fragment on a union': {
    wrap: (text, { schema, step }) => onFirst(unionsWith(schema, step), on(step.on, text)),
  },
  'with @include': { directives: '@include(if: true)' },
  'in a fragment with @skip': { wrap: (text) => `... @skip(if: false) { ${text} }` },
  'with @include and @skip by variables': {
    directives: '@include(if: $yes) @skip(if: $no)',
    variableDefinitions: '($yes: Boolean!, $no: Boolean! = false)',
    variables: { yes: true },
  },
  'beside unguarded fields': { wrap: (text, place) => `${unguardedBeside(place)} ${text}` },
  'in one of two operations': { before: 'query Other { __typename }' },
  'over GET': { method: 'GET' },
} as const satisfies Record<string, Spelling>;

const NEED_ABSTRACT_TYPES = ['in a fragment on an interface', 'in a fragment on a union'];

/** The spellings that apply to every schema. */
export const COMMON_SPELLINGS: ReadonlySet<string> = new Set(Object.keys(SPELLINGS)).difference(
  new Set(NEED_ABSTRACT_TYPES),
);

export const on = (type: string, selection: string): string => `... on ${type} { ${selection} }`;

const onFirst = ([type]: readonly string[], selection: string) => type && on(type, selection);

function interfacesWith(schema: GraphQLSchema, { on: name, field }: PathStep): string[] {
  const type = schema.getType(name);
  if (!isObjectType(type)) return [];
  const declaring = type.getInterfaces().filter((each) => each.getFields()[field]);
  return declaring.map((each) => each.name);
}

const unionsWith = (schema: GraphQLSchema, { on: name }: PathStep): string[] =>
  Object.values(schema.getTypeMap())
    .filter(isUnionType)
    .filter((union) => union.getTypes().some((member) => member.name === name))
    .map((union) => union.name);

/** The unguarded scalars of the object that has the field. */
function unguardedBeside({ schema, step, guarded }: Place): string {
  const fields = scalarFields(schema, step.on).filter((name) => !guarded.has(`${step.on}.${name}`));
  const selected = fields.map((name) => (hasField(schema, step, name) ? name : on(step.on, name)));
  return ['__typename', ...selected].join(' ');
}

/** The scalar fields of an object type without required arguments; none of the mutation root. */
export function scalarFields(schema: GraphQLSchema, name: string): string[] {
  const type = schema.getType(name);
  if (!isObjectType(type) || type === schema.getMutationType()) return [];
  const isScalar = ({ type: returned, args }: GraphQLField<unknown, unknown>) =>
    isLeafType(getNamedType(returned)) && !args.some(isRequiredArgument);
  const fields = Object.values(type.getFields()).filter(isScalar);
  return fields.map(({ name: field }) => field);
}

/** True if a field can be selected without a fragment. */
export function hasField(schema: GraphQLSchema, { within }: PathStep, field: string): boolean {
  const type = schema.getType(within);
  return (isObjectType(type) || isInterfaceType(type)) && Object.hasOwn(type.getFields(), field);
}
