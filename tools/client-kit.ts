import { minifyIntrospection, outputIntrospectionFile } from '@gql.tada/internal';
import { generate } from '@graphql-codegen/cli';
import {
  type GraphQLSchema,
  getOperationAST,
  introspectionFromSchema,
  print,
  printSchema,
} from 'graphql';
import { ERROR_CODES } from '../src/errors.ts';
import { type CommittedOperation, loadCommittedOperations } from '../src/operations/index.ts';
import { buildSchema } from '../src/server/build-schema.ts';
import { type GeneratedFile, header } from './generate.ts';
import { bffNames, loadBff } from './tree.ts';

// The client kit of each BFF, in clients/<bff>/: its committed operations with their types and ids, and
// the codes of its errors. docs/clients.md tells how clients use it.

/** Generates the kits of all BFFs. */
export async function generateKits(): Promise<GeneratedFile[]> {
  return (await Promise.all(bffNames().map(generateKit))).flat();
}

async function generateKit(name: string): Promise<GeneratedFile[]> {
  const bff = await loadBff(name);
  const schema = buildSchema(bff);
  const operations = loadCommittedOperations(bff.operations, schema);
  const folder = `clients/${name}/`;
  const source = `bff-${name}/operations/`;
  const documents = await typedDocuments(folder, schema, operations);
  return [
    { path: `${folder}graphql.ts`, content: header(source) + documents },
    {
      path: `${folder}introspection.ts`,
      content: header(`schema/${name}/`) + introspection(schema),
    },
    { path: `${folder}operation-ids.ts`, content: header(source) + operationIds(operations) },
    { path: `${folder}error-codes.ts`, content: header('src/errors.ts') + ERROR_CODES_MODULE },
    { path: `${folder}persisted-operations.json`, content: manifest(operations) },
  ];
}

/** The documents of operations with the types of their results and variables. */
async function typedDocuments(
  folder: string,
  schema: GraphQLSchema,
  operations: readonly CommittedOperation[],
): Promise<string> {
  const output = {
    preset: 'client',
    presetConfig: { fragmentMasking: false },
    config: {
      importExtension: '.ts',
      immutableTypes: true,
      scalars: { DateTime: 'string', ID: 'string', MinorUnits: 'number' },
      strictScalars: true,
      useTypeImports: true,
    },
  } as const;
  const config = {
    schema: printSchema(schema),
    documents: operations.map(({ document }) => print(document)),
    generates: { [folder]: output },
    silent: true,
  };
  const files = (await generate(config, false)) as { filename: string; content: string }[];
  // Without the preset's function for documents in the code, which the kit has none of.
  const { content = '' } = files.find(({ filename }) => filename.endsWith('/graphql.ts')) ?? {};
  return content;
}

/** The schema as a type, for gql.tada. */
function introspection(schema: GraphQLSchema): string {
  const minified = minifyIntrospection(introspectionFromSchema(schema));
  const file = outputIntrospectionFile(minified, { fileType: '.d.ts', shouldPreprocess: true });
  // Without the part that makes it the only schema of a program.
  return file.slice(0, file.indexOf("import * as gqlTada from 'gql.tada';")).trimEnd().concat('\n');
}

const operationIds = (operations: readonly CommittedOperation[]): string => `\
/** The ids of the persisted operations, by name. */
export const OPERATION_IDS = {
${operations.map(({ name, withTypenames }) => `  ${name}: '${withTypenames.hash}',`).join('\n')}
} as const;
`;

const ERROR_CODES_MODULE = `\
/** All codes of errors (\`extensions.code\`). The list is closed: a new code is a change of the API. */
export const ERROR_CODES = [
${ERROR_CODES.map((code) => `  '${code}',`).join('\n')}
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];
`;

/** The operations as clients with a normalised cache send them, in the format of Apollo's tools. */
const manifest = (operations: readonly CommittedOperation[]): string =>
  `${JSON.stringify(
    {
      format: 'apollo-persisted-query-manifest',
      version: 1,
      operations: operations.map(({ name, document, withTypenames: { hash, source } }) => ({
        id: hash,
        name,
        type: getOperationAST(document)?.operation,
        body: source,
      })),
    },
    null,
    2,
  )}\n`;
