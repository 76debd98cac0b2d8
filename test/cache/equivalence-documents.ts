import {
  type DocumentNode,
  type GraphQLSchema,
  parse,
  separateOperations,
  TypeInfo,
  type VariableNode,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { type Argument, SETS, type Variable } from './equivalence-arguments.ts';
import type { Selection } from './equivalence-selections.ts';

export interface Drawn {
  readonly kind: 'query' | 'mutation';
  readonly name: string | undefined;
  /** Variables that are not drawn, as in `$id: ID!`. */
  readonly declared?: string;
  /** The name of the first variable that is drawn; a name of its own if there is none. */
  readonly variableName?: string | undefined;
  readonly selections: readonly Selection[];
}

export interface Printed {
  readonly text: string;
  /** The variables, once for each set. */
  readonly sets: readonly Record<string, unknown>[];
}

/** @param gap - what stands between the parts of a selection: a blank, or what GraphQL takes for one */
export function toDocument(operations: readonly Drawn[], gap = ' '): Printed {
  const printed = operations.map((operation, at) =>
    printOperation(operation, gap, 'ab'.charAt(at)),
  );
  const variables = printed.flatMap((one) => one.variables);
  const sets = Array.from({ length: SETS }, (_, set) => {
    const entries = variables.map(({ name, given }) => [name, given[set]] as const);
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  });
  return { text: printed.map(({ text }) => text).join(gap), sets };
}

function printOperation(drawn: Drawn, gap: string, prefix: string) {
  const { kind, name, declared, variableName, selections } = drawn;
  const variables: (Variable & { readonly name: string })[] = [];
  const fragments: string[] = [];

  function argument({ name, value }: Argument): string {
    if (typeof value === 'string') return `${name}: ${value}`;
    const ownName = `${prefix}${variables.length}`;
    const isFirst = variables.length === 0;
    const variable = { ...value, name: (isFirst && variableName) || ownName };
    variables.push(variable);
    return `${name}: $${variable.name}`;
  }

  const call = (args: readonly Argument[]): string =>
    args.length > 0 ? `(${args.map(argument).join(gap)})` : '';

  function block(list: readonly Selection[]): string {
    const keys = new Set<string>();
    return `{${gap}${list.map((selection) => print(selection, keys)).join(gap)}${gap}}`;
  }

  function print({ on, field, alias, args, directive, wrap, below }: Selection, keys: Set<string>) {
    const key = freeKey(alias ?? field, keys);
    const start = `${key === field ? '' : `${key}: `}${field}${call(args)}`;
    const condition = directive ? ` @${directive.name}${call(directive.args)}` : '';
    const end = below.length > 0 ? ` ${block(below)}` : '';
    switch (wrap) {
      case 'bare':
        return `${start}${condition}${end}`;
      case 'inline':
        return `... on ${on}${condition} {${gap}${start}${end}${gap}}`;
      case 'untyped':
        return `...${condition} {${gap}${start}${end}${gap}}`;
      case 'twice':
        return `${start}${end}${gap}... on ${on}${condition} {${gap}${start}${end}${gap}}`;
      case 'named': {
        const fragment = `${prefix.toUpperCase()}${fragments.length}`;
        fragments.push(`fragment ${fragment} on ${on} {${gap}${start}${end}${gap}}`);
        return `...${fragment}${condition}`;
      }
    }
  }

  const body = block(selections);
  const types = variables.map((variable) => `$${variable.name}: ${variable.type}`);
  const declarations = [...(declared ? [declared] : []), ...types].join(gap);
  const head = `${kind}${name ? ` ${name}` : ''}${declarations ? `(${declarations})` : ''} `;
  const isShort = head === 'query ';
  return { text: [`${isShort ? '' : head}${body}`, ...fragments].join(gap), variables };
}

/** One field may stand under one name only once, unless it is asked for in just the same way. */
function freeKey(wanted: string, keys: Set<string>): string {
  let key = wanted;
  for (let n = 2; keys.has(key); n++) key = `${wanted}${n}`;
  keys.add(key);
  return key;
}

/** The fields that each operation of a document asks for, as "Type.field", by the operation's name. */
export function fieldsOfEach(schema: GraphQLSchema, text: string): Map<string, Set<string>> {
  const types = new TypeInfo(schema);
  return new Map(
    Object.entries(separateOperations(parse(text))).map(([name, document]) => {
      const fields = new Set<string>();
      const Field = () => void fields.add(`${types.getParentType()}.${types.getFieldDef()?.name}`);
      visit(document, visitWithTypeInfo(types, { Field }));
      return [name, fields];
    }),
  );
}

/** The field that each variable of a document goes to, by the variable's name. */
export function placesOfVariables(
  schema: GraphQLSchema,
  document: DocumentNode,
): Map<string, string> {
  const types = new TypeInfo(schema);
  const places = new Map<string, string>();
  const Variable = ({ name }: VariableNode) =>
    void places.set(name.value, types.getFieldDef()?.name ?? '');
  visit(document, visitWithTypeInfo(types, { Variable }));
  return places;
}
