import {
  type DocumentNode,
  type GraphQLInputField,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isAbstractType,
  isEnumType,
  isInputObjectType,
  isObjectType,
  isRequiredInputField,
  Kind,
  parseType,
  TypeInfo,
  type TypeNode,
  visit,
  visitWithTypeInfo,
} from 'graphql';

/**
 * The types that a client was built for: of the fields that it requests (`Order.placedAt`: `DateTime!`),
 * of the fields of inputs that its variables have (`PlaceOrderInput.currency`: `String!`), and the values of
 * enumerations in them (`OrderStatus`: `PLACED | SHIPPED`).
 */
export type UsedTypes = Readonly<Record<string, string>>;

interface Use {
  /** Of its text. */
  readonly line: number;
  /** Such as `Order.placedAt`. */
  readonly name: string;
  readonly type: string;
}

/** Lists the types that operations use, sorted by name. */
export function usedTypes(schema: GraphQLSchema, documents: readonly DocumentNode[]): UsedTypes {
  const fields = documents.flatMap((document) => [...fieldsOf(schema, document)]);
  const inputs = documents
    .flatMap((document) => [...inputsOf(schema, document)])
    .flatMap(({ type }) => entriesOf(type));
  const entries = [...fields.map(({ name, type }) => [name, type] as const), ...inputs];
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Finds where an operation, which is valid, gets other types than its client was built for, or where the
 * server no longer accepts what the client sends. New values of an enumeration are none: clients must
 * expect them.
 * @returns one line per fault, such as `line 4: Order.placedAt was DateTime! and is Int!`
 */
export function findTypeBreaks(
  schema: GraphQLSchema,
  document: DocumentNode,
  built: UsedTypes,
): string[] {
  const fields = [...fieldsOf(schema, document)].flatMap(({ line, name, type }) => {
    const before = built[name];
    if (before === undefined || isSubtype(schema, parseType(type), parseType(before))) return [];
    return [`line ${line}: ${name} was ${before} and is ${type}`];
  });
  const inputs = [...inputsOf(schema, document)].flatMap(({ line, type }) =>
    inputBreaks(schema, type, built).map((reason) => `line ${line}: ${reason}`),
  );
  return [...new Set([...fields, ...inputs])];
}

function inputBreaks(schema: GraphQLSchema, type: GraphQLNamedType, built: UsedTypes): string[] {
  const now = new Map(entriesOf(type));
  if (isEnumType(type)) {
    const gone = valuesOf(built[type.name]).filter((value) => !type.getValue(value));
    return gone.map((value) => `${type.name}.${value} is gone`);
  }
  const known = Object.entries(built).filter(([name]) => name.startsWith(`${type.name}.`));
  const changed = known.flatMap(([name, before]) => {
    const after = now.get(name);
    if (after === undefined) return [`${name} is gone`];
    if (isSubtype(schema, parseType(before), parseType(after))) return [];
    return [`${name} was ${before} and is ${after}`];
  });
  const required = [...now]
    .filter(([name, after]) => known.length > 0 && !(name in built) && after.endsWith('!'))
    .map(([name]) => `${name} is required`);
  return [...changed, ...required];
}

/** The fields that a document requests. */
function fieldsOf(schema: GraphQLSchema, document: DocumentNode): Use[] {
  const uses: Use[] = [];
  const info = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(info, {
      Field({ name, loc }) {
        const [parent, field] = [info.getParentType(), info.getFieldDef()];
        if (!parent || !field || name.value.startsWith('__')) return;
        const line = loc?.startToken.line ?? 0;
        uses.push({ line, name: `${parent.name}.${field.name}`, type: String(field.type) });
      },
    }),
  );
  return uses;
}

/** The input objects and enumerations that the variables of a document have, at any depth. */
function inputsOf(schema: GraphQLSchema, document: DocumentNode) {
  const uses = new Map<GraphQLNamedType, { line: number; type: GraphQLNamedType }>();
  function add(line: number, type: GraphQLNamedType | undefined): void {
    if (!type || uses.has(type) || !(isInputObjectType(type) || isEnumType(type))) return;
    uses.set(type, { line, type });
    if (!isInputObjectType(type)) return;
    for (const field of Object.values(type.getFields())) add(line, getNamedType(field.type));
  }
  visit(document, {
    VariableDefinition({ type, loc }) {
      add(loc?.startToken.line ?? 0, schema.getType(nameOf(type)));
    },
  });
  return [...uses.values()];
}

/** The types of an input object's fields, or the values of an enumeration. */
function entriesOf(type: GraphQLNamedType): (readonly [name: string, type: string])[] {
  if (isEnumType(type)) {
    const values = type.getValues().map(({ name }) => name);
    return [[type.name, values.sort().join(' | ')]];
  }
  if (!isInputObjectType(type)) return [];
  return Object.values(type.getFields()).map(
    (field) => [`${type.name}.${field.name}`, sentType(field)] as const,
  );
}

/** A field with a default may be left out, like one that may be null. */
const sentType = (field: GraphQLInputField): string =>
  String(isRequiredInputField(field) ? field.type : getNullableType(field.type));

const valuesOf = (values = ''): string[] => values.split(' | ').filter(Boolean);

/** True if each value of the first type is one of the second. */
function isSubtype(schema: GraphQLSchema, type: TypeNode, of: TypeNode): boolean {
  if (of.kind === Kind.NON_NULL_TYPE)
    return type.kind === Kind.NON_NULL_TYPE && isSubtype(schema, type.type, of.type);
  if (type.kind === Kind.NON_NULL_TYPE) return isSubtype(schema, type.type, of);
  if (type.kind === Kind.LIST_TYPE && of.kind === Kind.LIST_TYPE)
    return isSubtype(schema, type.type, of.type);
  if (type.kind === Kind.LIST_TYPE || of.kind === Kind.LIST_TYPE) return false;
  if (type.name.value === of.name.value) return true;
  const [named, base] = [schema.getType(type.name.value), schema.getType(of.name.value)];
  return isAbstractType(base) && isObjectType(named) && schema.isSubType(base, named);
}

function nameOf(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : nameOf(type.type);
}
