import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';
import { buildSchema } from '../../src/server/build-schema.ts';
import { bffNames, loadBff, ROOT } from '../tree.ts';
import { insertAfterLast, insertImport, insertIntoBlock } from './insert.ts';
import type { Plan } from './plan.ts';
import { objectTypesIn, sdlFiles } from './sdl.ts';

const NAME = /^([A-Z]\w*)\.([a-z]\w*)$/;

interface ScalarType {
  /** The type of the model's property. */
  readonly model: string;
  /** The result of `typeof` for a value in a response. */
  readonly json: string;
  readonly decoder: string;
  decode(value: string): string;
}

const orNull = (decoder: string) => (value: string) =>
  `${value} == null ? null : ${decoder}(${value})`;

const SCALARS: Readonly<Record<string, ScalarType>> = {
  String: text('stringOrNull', (value) => `stringOrNull(${value})`),
  ID: text('stringOrNull', (value) => `stringOrNull(${value})`),
  DateTime: text('dateTime', orNull('dateTime')),
  Int: { model: 'number', json: 'number', decoder: 'count', decode: orNull('count') },
};

function text(decoder: string, decode: ScalarType['decode']): ScalarType {
  return { model: 'string', json: 'string', decoder, decode };
}

interface NewField {
  /** The GraphQL type that gets the field. */
  readonly type: string;
  readonly name: string;
  /** The field's own GraphQL type. */
  readonly scalar: string;
  readonly codec: ScalarType;
}

/**
 * Plans a nullable scalar field of a type that has a model, with the value that the type's service
 * already sends.
 * @param field - such as Order.carrier
 * @param scalar - the field's GraphQL type
 * @returns the test files that concern it
 */
export async function planField(plan: Plan, field: string, scalar: string): Promise<string[]> {
  const [, type, name] = NAME.exec(field) ?? [];
  if (!type || !name)
    throw new Error(`"${field}" must be a type and a field, such as Order.carrier`);
  const codec = SCALARS[scalar];
  if (!codec) throw new Error(`--type must be one of ${Object.keys(SCALARS).join(', ')}`);
  const added = { type, name, scalar, codec };

  const file = findType(plan, added);
  const [, model] =
    new RegExp(`^ +${type}: model\\('(\\w+)'\\)`, 'm').exec(plan.read('codegen.ts')) ?? [];
  if (!model) {
    throw new Error(`${type} has no model, so the field needs a resolver: see docs/add-a-field.md`);
  }
  addToSdl(plan, file, added);
  if (!hasProperty(plan, model, name)) addToModel(plan, model, added);
  const tables = addRights(plan, added);
  const test = await addTest(plan, added, tables);
  return [test, 'test/bff/rights/rights.test.ts'];
}

/** @returns the SDL file that declares the type */
function findType(plan: Plan, { type, name }: NewField): string {
  const files = ['shared', ...bffNames()].flatMap((folder) => sdlFiles(plan, `schema/${folder}`));
  const declarations = files.flatMap(({ path, text }) =>
    objectTypesIn(text)
      .filter((declared) => declared.name === type)
      .map((declared) => ({ path, ...declared })),
  );
  const declaration = declarations.find(({ isExtension }) => !isExtension);
  if (!declaration) throw new Error(`there is no type "${type}" in schema/`);
  if (declarations.some(({ fields }) => fields.includes(name))) {
    throw new Error(`${type} has a field "${name}" already`);
  }
  return declaration.path;
}

function addToSdl(plan: Plan, path: string, { type, name, scalar }: NewField): void {
  plan.edit(path, (text) =>
    insertIntoBlock(
      text,
      [new RegExp(`^type ${type}\\b.*\\{$`)],
      `"The ${toWords(name)} of the ${toWords(type)}; null if there is none." #? the description, for clients
${name}: ${scalar} #? nullability: a field that is not null can never become nullable again`,
    ),
  );
}

/** Whether the model has the value already, although this type does not show it. */
function hasProperty(plan: Plan, model: string, name: string): boolean {
  const block = new RegExp(`^export interface ${model} \\{\\n((?: {2}.*\\n)*)`, 'm');
  const [, properties = ''] = block.exec(plan.read('src/datasources/models.ts')) ?? [];
  return new RegExp(`^ {2}readonly ${name}:`, 'm').test(properties);
}

function addToModel(plan: Plan, model: string, { name, codec }: NewField): void {
  plan.edit('src/datasources/models.ts', (text) =>
    insertIntoBlock(
      text,
      [new RegExp(`^export interface ${model} \\{$`)],
      `readonly ${name}: ${codec.model} | null;`,
    ),
  );
  const declaration = new RegExp(`^(?:const|function) to${model}\\b`, 'm');
  const path = globSync('src/datasources/*.ts', { cwd: fileURLToPath(ROOT) }).find((file) =>
    declaration.test(plan.read(file)),
  );
  if (!path) throw new Error(`src/datasources has no decoder to${model}`);
  const decoders = plan.read(path);
  const [, service] = /'\.\/generated\/([\w-]+)\.ts'/.exec(decoders) ?? [];
  const contract = `services/${service}/openapi.yaml`;
  const [, schema = ''] =
    new RegExp(`^    ${model}:\\n((?: {6}.*\\n)*)`, 'm').exec(plan.read(contract)) ?? [];
  if (!new RegExp(`^ {8}${name}:`, 'm').test(schema)) {
    throw new Error(
      `the ${service} service sends no "${name}": add it to ${contract} and to the stand-in first`,
    );
  }
  plan.edit(path, (text) => {
    const line = `${name}: ${codec.decode(`wire.${name}`)},`;
    const decoded = insertIntoBlock(text, [declaration, /(?:=> \(|return )\{$/], line);
    return insertImport(decoded, './decode.ts', codec.decoder);
  });
}

/**
 * Adds a row for the field to the table of each BFF that has its type: a scalar is as visible as its
 * parent, so the row is that of the type's first field.
 * @returns the names of these BFFs
 */
function addRights(plan: Plan, { type, name }: NewField): string[] {
  const row = new RegExp(`^${type}\\.(\\w+)( via \\w+)? {2,}`);
  let mark =
    ' #? who reads it: everyone who may read the parent, unless permissions.ts names the field';
  return bffNames().filter((bff) => {
    const path = `test/bff/rights/${bff}.txt`;
    const lines = plan.read(path).split('\n');
    const [, like] = row.exec(lines.find((line) => row.test(line)) ?? '') ?? [];
    if (!like) return false;
    const likeRow = new RegExp(`^${type}\\.${like}((?: via \\w+)?) {2,}`);
    const added = lines
      .filter((line) => likeRow.test(line))
      .map((line) =>
        line.replace(likeRow, (all, via) =>
          `${type}.${name}${via}`.padEnd(all.length - 1).concat(' '),
        ),
      );
    plan.edit(path, (text) => insertAfterLast(text, row, `${added.join('\n')}${mark}`));
    mark = '';
    return true;
  });
}

async function addTest(plan: Plan, field: NewField, bffs: readonly string[]): Promise<string> {
  const { type, name, codec } = field;
  for (const bff of bffs) {
    const schema = buildSchema(await loadBff(bff));
    const path = pathTo(schema, type) ?? pathTo(schema, type, isOnlyId);
    if (!path) continue;
    const steps = [...path.map((step) => step.name), name];
    const query = path.reduceRight(
      (selection, step) => `${toSelection(step)} { ${selection} }`,
      name,
    );
    const file = `test/bff/${toKebabCase(type)}-${toKebabCase(name)}.test.ts`;
    plan.create(
      file,
      `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ${bff} } from '../../bff-${bff}/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { startEnvironment } from '../support/environment.ts';
import { valuesAt } from '../support/field-paths.ts';

test('${type}.${name} is the value that the service sends', async () => {
  await using environment = await startEnvironment(${bff});
  const query = '{ ${query} }';
  const { body } = await environment.send(query, { as: CAST.customer });
  assert.equal(body.errors, undefined);
  const [value] = valuesAt(body.data, ${toList(steps)});
  assert.equal(typeof value, '${codec.json}'); //? one object and its expected value
});
`,
    );
    return file;
  }
  throw new Error(`no query leads to ${type}, except with arguments: see docs/add-a-field.md`);
}

type Field = GraphQLField<unknown, unknown>;

/**
 * The fields from Query to a type on the shortest path.
 * @param mayRequire - whether the required arguments of a field are acceptable
 */
function pathTo(
  schema: GraphQLSchema,
  target: string,
  mayRequire = (required: readonly GraphQLArgument[]) => required.length === 0,
): Field[] | undefined {
  const paths = new Map<string, Field[]>([['Query', []]]);
  // A Map visits what is added on the way: this is a breadth-first search.
  for (const [name, path] of paths) {
    const type = schema.getType(name);
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const next = getNamedType(field.type).name;
      if (paths.has(next) || !mayRequire(field.args.filter(isRequiredArgument))) continue;
      paths.set(next, [...path, field]);
    }
  }
  return paths.get(target);
}

const isOnlyId = (required: readonly GraphQLArgument[]): boolean =>
  required.every(({ name }) => name === 'id');

/** A field with the arguments that it requires. */
const toSelection = ({ name, args }: Field): string =>
  args.some(isRequiredArgument) ? `${name}(id: "42")` : name;

const toList = (items: readonly string[]): string =>
  `[${items.map((item) => `'${item}'`).join(', ')}]`;

/** `OrderItem` and `placedAt` as words: "order item", "placed at". */
const toWords = (name: string): string =>
  name.replace(/(?<=[a-z\d])[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();

const toKebabCase = (name: string): string => toWords(name).replaceAll(' ', '-');
