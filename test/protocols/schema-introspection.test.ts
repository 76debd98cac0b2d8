import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { diff } from '@graphql-inspector/core';
import urlLoader from '@graphql-inspector/url-loader';
import {
  buildClientSchema,
  buildSchema as buildFromText,
  type GraphQLSchema,
  getIntrospectionQuery,
  type IntrospectionOptions,
  isObjectType,
  lexicographicSortSchema,
  printSchema,
} from 'graphql';
import { buildSchema } from '../../src/server/build-schema.ts';
import { ROOT } from '../../tools/tree.ts';
import { BFFS } from '../attack/bffs.ts';
import { codesOf } from '../attack/responses.ts';
import { TRANSPORT_NAMES, TRANSPORTS } from '../attack/transports.ts';
import { type Environment, startEnvironment } from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { PRODUCTION } from '../support/production.ts';

const ALL_OPTIONS: IntrospectionOptions = {
  descriptions: true,
  specifiedByUrl: true,
  directiveIsRepeatable: true,
  schemaDescription: true,
  inputValueDeprecation: true,
  experimentalDirectiveDeprecation: true,
  oneOf: true,
};
const FULL_QUERY = getIntrospectionQuery(ALL_OPTIONS);
/** The largest `typeDepth` of graphql-js that `introspectionDepth` allows (docs/limits.md). */
const MAX_TYPE_DEPTH = 15;
/** No option, each alone, all of them, and the type depths of older and other tools. */
const OPTIONS: readonly IntrospectionOptions[] = [
  { descriptions: false },
  ...Object.keys(ALL_OPTIONS).map((name) => ({ descriptions: false, [name]: true })),
  ALL_OPTIONS,
  { ...ALL_OPTIONS, typeDepth: 7 },
  { ...ALL_OPTIONS, typeDepth: 12 },
  { ...ALL_OPTIONS, typeDepth: MAX_TYPE_DEPTH },
];
/** The largest measured response has 859,000, of the web BFF. */
const MAX_RESPONSE_CHARACTERS = 1_000_000;

/** A query for the whole schema, several times in one operation. */
function repeated(times: number): string {
  const start = FULL_QUERY.indexOf('__schema {');
  const end = FULL_QUERY.indexOf('fragment FullType');
  const selection = FULL_QUERY.slice(start + '__schema '.length, end)
    .trimEnd()
    .slice(0, -1);
  const fields = Array.from({ length: times }, (_, n) => `s${n}: __schema { ...Whole }`);
  return `{ ${fields.join(' ')} } fragment Whole on __Schema ${selection} ${FULL_QUERY.slice(end)}`;
}

/** A query for the fields whose values have the most bytes, several times in one operation. */
function widest(times: number): string {
  const copies = Array.from({ length: times }, (_, n) => `s${n}: __schema { types { ...Type } }`);
  return `{ ${copies.join(' ')} }
    fragment Type on __Type { fields { ...Field type { fields { ...Field }
      ofType { fields { ...Field } ofType { ofType { fields { ...Field } } } } } } }
    fragment Field on __Field {
      description type { description ofType { description ofType { description } } }
    }`;
}

const sorted = (schema: GraphQLSchema): string => printSchema(lexicographicSortSchema(schema));

/** Runs the command of a development tool, on the same Node. */
const runTool = (script: string, ...args: string[]) =>
  promisify(execFile)(process.execPath, [
    fileURLToPath(new URL(`node_modules/${script}`, ROOT)),
    ...args,
  ]);

for (const bff of BFFS) {
  describe(`The ${bff.name} BFF in development`, () => {
    const schema = buildSchema(bff);
    let environment: Environment;
    let folder: string;
    before(async () => {
      environment = await startEnvironment(bff, { BATCH_MAX_OPERATIONS: '2' });
      folder = await mkdtemp(join(tmpdir(), 'introspection-'));
    });
    after(async () => {
      await environment[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    });

    for (const options of OPTIONS) {
      it(`answers the introspection query of graphql-js with ${JSON.stringify(options)}`, async () => {
        const query = getIntrospectionQuery(options);
        const { body } = await environment.post({ query, operationName: 'IntrospectionQuery' });
        assert.equal(body.errors, undefined, JSON.stringify(body.errors));
        const types = Object.keys(buildClientSchema(body.data).getTypeMap());
        assert.deepEqual(types.sort(), Object.keys(schema.getTypeMap()).sort());
      });
    }

    for (const transport of TRANSPORT_NAMES) {
      const send = (query: string) => TRANSPORTS[transport](environment.endpoint, { query }, {});

      it(`answers with the whole schema by ${transport}, also once the query is compiled`, async () => {
        for (const _ of ['executed', 'executed', 'compiled']) {
          const { text } = await send(FULL_QUERY);
          const [result] = [JSON.parse(text)].flat();
          assert.equal(result.errors, undefined, text);
          assert.equal(sorted(buildClientSchema(result.data)), sorted(schema));
        }
      });

      it(`refuses the whole schema thirty times in one operation by ${transport}`, async () => {
        const received = await send(repeated(30));
        assert.deepEqual(codesOf(received), ['QUERY_TOO_COMPLEX'], received.text);
      });
    }

    it('refuses the whole schema twice in one operation for its fields', async () => {
      const { body } = await environment.post({ query: repeated(2) });
      assert.equal(body.errors?.[0].extensions.exceeded, 'introspectionFields');
      assert.equal((await environment.post({ query: repeated(1) })).body.errors, undefined);
    });

    it('refuses more than ten aliases of introspection fields in one operation', async () => {
      const nested = (times: number) =>
        Array.from({ length: times }, (_, n) => `s${n}: __schema { types { ...Type } }`).join(' ');
      const fragment = 'fragment Type on __Type { fields { type { fields { description } } } }';
      const { body } = await environment.post({ query: `{ ${nested(11)} } ${fragment}` });
      const { exceeded, limit, actual } = body.errors?.[0].extensions ?? {};
      assert.deepEqual([exceeded, limit, actual], ['introspectionAliases', 10, 11]);
      const { body: allowed } = await environment.post({ query: `{ ${nested(10)} } ${fragment}` });
      assert.equal(allowed.errors, undefined);
    });

    it('refuses types that are nested deeper than the documented typeDepth', async () => {
      const query = getIntrospectionQuery({ typeDepth: MAX_TYPE_DEPTH + 1 });
      const { body } = await environment.post({ query });
      assert.equal(body.errors?.[0].extensions.exceeded, 'introspectionDepth');
    });

    it('answers several types by name in one operation', async () => {
      const names = ['Query', 'Mutation', 'DateTime', 'UserError', 'UserErrorCode'];
      const fields = names.map((name) => `${name}: __type(name: "${name}") { ...Type }`);
      const fragment = 'fragment Type on __Type { name fields { name type { name } } }';
      const { body } = await environment.post({ query: `{ ${fields.join(' ')} } ${fragment}` });
      assert.deepEqual(
        Object.values(body.data).map((type) => (type as { name: string }).name),
        names,
      );
    });

    it('bounds the size of the largest response', async (t) => {
      const copies = Array.from({ length: 10 }, (_, n) => `d${n}: description`);
      const fields = `fields { ...Copies }`;
      for (const query of [
        `{ __schema { types { ...Copies } } } fragment Copies on __Type { ${copies.join(' ')} }`,
        `{ __schema { types { ${fields} } } } fragment Copies on __Field { ${copies.join(' ')} }`,
        repeated(1),
        widest(9),
        `{ __schema { types { fields { type { ${fields} ofType { ofType { ofType { ${fields} } } } } } } } }
         fragment Copies on __Field { ${copies.slice(copies.length / 2).join(' ')} }`,
      ]) {
        const { body } = await environment.post({ query });
        assert.equal(body.errors, undefined, JSON.stringify(body.errors));
        const { length } = JSON.stringify(body);
        t.diagnostic(`${length} characters`);
        assert.ok(length < MAX_RESPONSE_CHARACTERS, `${length} characters`);
      }
    });

    it('serves the schema to graphql-inspector by its URL', async () => {
      const [source] = await urlLoader.load(environment.endpoint, {});
      assert.ok(source?.schema);
      // Introspection does not tell which directives stand in the schema.
      const expected = buildFromText(printSchema(schema));
      assert.deepEqual(await diff(source.schema, expected), []);
    });

    // Each run of these tools is a process, and the introspection of all BFFs is the same code.
    if (bff.name !== library.name) return;

    it('serves the schema to graphql-codegen by its URL', async () => {
      const output = join(folder, 'codegen.ts');
      const config = join(folder, 'codegen.json');
      const generates = { [output]: { plugins: ['typescript'] } };
      await writeFile(config, JSON.stringify({ schema: environment.endpoint, generates }));
      await runTool('@graphql-codegen/cli/esm/bin.js', '--config', config);
      const generated = await readFile(output, 'utf8');
      for (const type of Object.values(schema.getTypeMap())) {
        if (!isObjectType(type) || type.name.startsWith('__')) continue;
        assert.match(generated, new RegExp(`^export type ${type.name} = `, 'm'));
      }
    });

    it('serves the schema to gql.tada by its URL', async () => {
      const output = join(folder, 'tada.graphql');
      await runTool(
        'gql.tada/bin/cli.js',
        'generate-schema',
        environment.endpoint,
        '--output',
        output,
      );
      const generated = buildFromText(await readFile(output, 'utf8'));
      assert.equal(sorted(generated), sorted(schema));
    });
  });

  describe(`The ${bff.name} BFF in production`, () => {
    it('refuses the introspection query of graphql-js', async () => {
      await using environment = await startEnvironment(bff, PRODUCTION);
      for (const query of [FULL_QUERY, getIntrospectionQuery({ typeDepth: 3 })]) {
        const { status, body } = await environment.post({ query });
        assert.equal(status, 400);
        assert.equal(body.data, undefined);
      }
    });
  });
}
