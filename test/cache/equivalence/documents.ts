import fc from 'fast-check';
import {
  type DocumentNode,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  parse,
  separateOperations,
  TypeInfo,
  typeFromAST,
  type VariableNode,
  valueFromAST,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import type { CommittedOperation } from '../../../src/operations/index.ts';
import { fieldNames, nameOf, shortestPaths } from '../../support/field-paths.ts';
import {
  type Argument,
  type GeneratorOptions,
  VARIABLE_SETS,
  type Variable,
  valuesPerSet,
} from './arguments.ts';
import { createSelectionGenerator, type Selection } from './selections.ts';

/** A generated document, its operations, and sets of variables for them. */
export interface GeneratedDocument {
  /** The document's text with different insignificant characters. */
  readonly texts: readonly string[];
  /** If there are several, the last entry stands for a request without `operationName`. */
  readonly operations: readonly Operation[];
  readonly variableSets: readonly Record<string, unknown>[];
}

interface Operation {
  readonly name: string | undefined;
  /** The selected fields, as "Type.field". */
  readonly fields: ReadonlySet<string>;
}

type Paths = readonly (readonly string[])[];

const NO_FIELDS: ReadonlySet<string> = new Set();
const GAPS = [' ', '\n  ', ' , ', ' # a comment\n'];

/**
 * Generates the documents of one run: one for each of the fields, one for a random path, and one
 * committed operation of the BFF.
 * @param fields - the fields that every run selects, as "Type.field"
 */
export function documentsCovering(
  schema: GraphQLSchema,
  fields: readonly string[],
  committed: readonly CommittedOperation[],
  ids: readonly string[],
): fc.Arbitrary<GeneratedDocument[]> {
  const paths = pathsByField(schema);
  const allPaths = [...paths.values()].flat();
  const valid = { ids, hasInvalidValues: false, hasVariables: true };
  const usual = documentsOf(schema, valid, allPaths);
  const literal = documentsOf(schema, { ...valid, hasVariables: false }, allPaths);
  const invalid = documentsOf(schema, { ...valid, hasInvalidValues: true }, allPaths);
  const covering = (wanted: Paths) =>
    fc.oneof(
      { weight: 7, arbitrary: usual(wanted) },
      { weight: 4, arbitrary: literal(wanted) },
      { weight: 1, arbitrary: invalid(wanted) },
    );
  const clientOperations = committed
    .filter(({ document }) => getOperationAST(document)?.operation === 'query')
    .map((operation) => committedDocument(schema, operation, valid));
  return fc.tuple(
    ...fields.map((field) => covering(paths.get(field) ?? [])),
    covering(allPaths),
    fc.oneof(...clientOperations),
  );
}

/** The query paths that contain each field, by "Type.field". */
function pathsByField(schema: GraphQLSchema): Map<string, string[][]> {
  const found = new Map<string, string[][]>();
  for (const path of shortestPaths(schema)) {
    if (path.operation !== 'query') continue;
    for (const key of path.steps.map(nameOf)) {
      found.set(key, [...(found.get(key) ?? []), fieldNames(path)]);
    }
  }
  return found;
}

function documentsOf(schema: GraphQLSchema, options: GeneratorOptions, allPaths: Paths) {
  const alongPath = createSelectionGenerator(options);
  const root = schema.getQueryType() as GraphQLObjectType;
  const anything = fc.oneof(...allPaths.map((path) => alongPath(root, path)));

  return (paths: Paths): fc.Arbitrary<GeneratedDocument> =>
    fc
      .record({
        wanted: fc.oneof(...paths.map((path) => alongPath(root, path))),
        extra: fc.oneof({ weight: 5, arbitrary: fc.constant([]) }, anything),
        another: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, anything),
        isNamed: fc.boolean(),
      })
      .map(({ wanted, extra, another, isNamed }) => {
        const name = isNamed || another ? 'Wanted' : undefined;
        const first: OperationSpec = { kind: 'query', name, selections: [...wanted, ...extra] };
        const second: OperationSpec[] = another
          ? [{ kind: 'query', name: 'Another', selections: another }]
          : [];
        return toGeneratedDocument(schema, [first, ...second]);
      });
}

export function toGeneratedDocument(
  schema: GraphQLSchema,
  specs: readonly OperationSpec[],
): GeneratedDocument {
  const { text, variableSets } = printDocument(specs);
  const texts = GAPS.map((gap) => printDocument(specs, gap).text);
  const fields = fieldsByOperation(schema, text);
  const named = specs.map(({ name }) => ({ name, fields: fields.get(name ?? '') ?? NO_FIELDS }));
  const unnamed = specs.length > 1 ? [{ name: undefined, fields: NO_FIELDS }] : [];
  return { texts, operations: [...named, ...unnamed], variableSets };
}

export function committedDocument(
  schema: GraphQLSchema,
  { name, source, document, withTypenames }: CommittedOperation,
  options: GeneratorOptions,
): fc.Arbitrary<GeneratedDocument> {
  const fieldNames = fieldByVariable(schema, document);
  const declared = getOperationAST(document)?.variableDefinitions ?? [];
  const variables = declared.map(({ variable, type: node, defaultValue }) => {
    const type = typeFromAST(schema, node as never) as GraphQLInputType;
    const value = defaultValue && valueFromAST(defaultValue, type);
    const isRequired = node.kind === Kind.NON_NULL_TYPE && !defaultValue;
    const name = variable.name.value;
    const input = { name, type, defaultValue: value, field: fieldNames.get(name) ?? '' };
    return valuesPerSet(input, isRequired, options).map((values) => [name, values] as const);
  });
  const fields = fieldsByOperation(schema, source).get(name) ?? NO_FIELDS;
  return fc.tuple(...variables).map((generated) => ({
    texts: [source, withTypenames.source],
    operations: [{ name, fields }],
    variableSets: Array.from({ length: VARIABLE_SETS }, (_, set) =>
      Object.fromEntries(generated.map(([variable, values]) => [variable, values[set]])),
    ),
  }));
}

/** One operation to print. */
export interface OperationSpec {
  readonly kind: 'query' | 'mutation';
  readonly name: string | undefined;
  /** Variable definitions that are not generated, for example `$id: ID!`. */
  readonly declared?: string;
  /** Name of the first generated variable; generated as well if undefined. */
  readonly variableName?: string | undefined;
  readonly selections: readonly Selection[];
}

export interface PrintedDocument {
  readonly text: string;
  /** One set of variables each. */
  readonly variableSets: readonly Record<string, unknown>[];
}

/** @param gap - the insignificant characters between tokens: a blank, a comma, a comment */
export function printDocument(operations: readonly OperationSpec[], gap = ' '): PrintedDocument {
  const printed = operations.map((operation, at) =>
    printOperation(operation, gap, 'ab'.charAt(at)),
  );
  const variables = printed.flatMap((one) => one.variables);
  const variableSets = Array.from({ length: VARIABLE_SETS }, (_, set) => {
    const entries = variables.map(({ name, values }) => [name, values[set]] as const);
    return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
  });
  return { text: printed.map(({ text }) => text).join(gap), variableSets };
}

function printOperation(operation: OperationSpec, gap: string, prefix: string) {
  const { kind, name, declared, variableName, selections } = operation;
  const variables: (Variable & { readonly name: string })[] = [];
  const fragments: string[] = [];

  function printArgument({ name, value }: Argument): string {
    if (typeof value === 'string') return `${name}: ${value}`;
    const ownName = `${prefix}${variables.length}`;
    const isFirst = variables.length === 0;
    const variable = { ...value, name: (isFirst && variableName) || ownName };
    variables.push(variable);
    return `${name}: $${variable.name}`;
  }

  const printArguments = (args: readonly Argument[]): string =>
    args.length > 0 ? `(${args.map(printArgument).join(gap)})` : '';

  function block(list: readonly Selection[]): string {
    const keys = new Set<string>();
    return `{${gap}${list.map((selection) => print(selection, keys)).join(gap)}${gap}}`;
  }

  function print(selection: Selection, keys: Set<string>): string {
    const { parentType, field, alias, args, directive, wrapping, selections } = selection;
    const key = unusedKey(alias ?? field, keys);
    const start = `${key === field ? '' : `${key}: `}${field}${printArguments(args)}`;
    const condition = directive ? ` @${directive.name}${printArguments(directive.args)}` : '';
    const end = selections.length > 0 ? ` ${block(selections)}` : '';
    switch (wrapping) {
      case 'bare':
        return `${start}${condition}${end}`;
      case 'inline':
        return `... on ${parentType}${condition} {${gap}${start}${end}${gap}}`;
      case 'untyped':
        return `...${condition} {${gap}${start}${end}${gap}}`;
      case 'twice':
        return `${start}${end}${gap}... on ${parentType}${condition} {${gap}${start}${end}${gap}}`;
      case 'named': {
        const fragment = `${prefix.toUpperCase()}${fragments.length}`;
        fragments.push(`fragment ${fragment} on ${parentType} {${gap}${start}${end}${gap}}`);
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

/** Returns a response key that is still unused: two different fields must not share one. */
function unusedKey(wanted: string, keys: Set<string>): string {
  let key = wanted;
  for (let n = 2; keys.has(key); n++) key = `${wanted}${n}`;
  keys.add(key);
  return key;
}

/** The fields that each operation of a document selects, as "Type.field", by operation name. */
export function fieldsByOperation(schema: GraphQLSchema, text: string): Map<string, Set<string>> {
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

/** The field whose argument each variable is, by variable name. */
export function fieldByVariable(
  schema: GraphQLSchema,
  document: DocumentNode,
): Map<string, string> {
  const types = new TypeInfo(schema);
  const fields = new Map<string, string>();
  const Variable = ({ name }: VariableNode) =>
    void fields.set(name.value, types.getFieldDef()?.name ?? '');
  visit(document, visitWithTypeInfo(types, { Variable }));
  return fields;
}
