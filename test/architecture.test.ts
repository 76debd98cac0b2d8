import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { test } from 'node:test';

/**
 * What a file may import besides its own folder (src/<folder>, bff-*, services, tools), at run time
 * or as `types` only: globs of files, and packages as `npm/<name>` and `node/<name>`.
 */
interface Reach {
  readonly may: readonly string[];
  readonly types?: readonly string[];
}

const LEAVES =
  'src/{bff,cache-replacement,context,date-time,deadline,errors,graphql-ast,graphql-files,loopback,maybe-promise,recorder,service-event,user-id,viewer}.ts';
const CONFIG = 'src/config/index.ts';
const TELEMETRY = 'src/telemetry/**';
const RULES = 'src/auth/rules.ts';
const PACKAGES = ['npm/**', 'node/**'];
const ALL_TYPES = ['src/**', 'npm/**'];
const RESOLVERS = ['src/resolvers/**', 'src/{errors,service-event}.ts'];
const MODELS = ['src/{bff,context,viewer}.ts', 'src/datasources/models.ts'];
const BELOW_PIPELINE = [
  'src/auth/**',
  'src/{cache,datasources,events,operations,operations/limits,traffic}/index.ts',
  TELEMETRY,
  LEAVES,
  ...PACKAGES,
];

/** The layers, from the bottom to the top: for each file the first entry that fits. */
const TABLE: Readonly<Record<string, Reach>> = {
  'src/datasources/generated/*-grpc.ts': { may: ['npm/@bufbuild/protobuf/**'], types: ALL_TYPES },
  '**/{generated.ts,generated/**}': { may: [], types: ['src/**', 'npm/graphql'] },
  'src/config/**': {
    may: [
      'src/loopback.ts',
      'npm/{fastest-levenshtein,ipaddr.js,standardwebhooks,zod}',
      'node/{crypto,dns,fs,net,os,tls}',
    ],
    types: ALL_TYPES,
  },
  'src/graphql-ast.ts': { may: ['npm/graphql'] },
  'src/graphql-files.ts': { may: ['node/fs'] },
  [LEAVES]: { may: ['src/errors.ts'], types: ALL_TYPES },
  'src/resolvers/scalars.ts': { may: ['npm/graphql', 'src/date-time.ts'] },
  '{src/resolvers/**,bff-*}/{permissions,routes}.ts': { may: [RULES, ...RESOLVERS], types: MODELS },
  'bff-*/{main,bff}.ts': { may: ['src/**'] },
  '{src/resolvers,bff-*}/**': { may: RESOLVERS, types: MODELS },
  'src/{redis,telemetry}/**': { may: [TELEMETRY, LEAVES, ...PACKAGES], types: [CONFIG] },
  'src/upstream/**': { may: [TELEMETRY, LEAVES, ...PACKAGES], types: [CONFIG] },
  'src/datasources/**': {
    may: ['src/upstream/**', TELEMETRY, LEAVES, 'npm/dataloader'],
    types: [CONFIG, 'npm/@bufbuild/protobuf'],
  },
  'src/{auth,cache,events,traffic}/**': {
    may: ['src/redis/**', TELEMETRY, LEAVES, CONFIG, ...PACKAGES],
  },
  'src/operations/**': {
    may: ['src/auth/**', 'src/{cache,traffic}/index.ts', LEAVES, CONFIG, ...PACKAGES],
  },
  'src/pipeline/**': { may: BELOW_PIPELINE },
  'src/http/**': {
    may: ['src/{cache,operations,traffic}/index.ts', TELEMETRY, LEAVES, ...PACKAGES],
    types: [CONFIG],
  },
  'src/protocols/**': { may: ['src/http/**', 'src/pipeline/index.ts', ...BELOW_PIPELINE] },
  'src/server/**': { may: ['src/!(resolvers)/**', LEAVES, ...PACKAGES] },
  'services/*/main.ts': { may: ['src/datasources/upstreams.ts', ...PACKAGES] },
  'services/*/service.ts': { may: ['src/datasources/generated/*-grpc.ts', ...PACKAGES] },
  'services/**': { may: PACKAGES },
  'tools/**': { may: ['{src,bff-*,services,unknown}/**', '*.ts', ...PACKAGES] },
};

/** Packages that not everyone may import; `types`: who else may import them, as types. */
const OWNED: Readonly<Record<string, { readonly by: string; readonly types?: string }>> = {
  got: { by: 'src/{upstream/http-client,cache/edge-purger}.ts' },
  '@connectrpc': { by: '{src/upstream/grpc-client.ts,services/support/grpc*.ts}' },
  undici: {
    by: 'src/upstream/{stream-client,read-exchange,undici-agent.d}.ts',
    types: 'src/protocols/proxy/reply-from.ts',
  },
  dataloader: { by: 'src/datasources/loader.ts' },
  oauth4webapi: { by: 'src/{auth/**,upstream/token-endpoint.ts}' },
  fastify: { by: '{src/{http,protocols,server}/**,services/**}' },
  cockatiel: { by: 'src/{upstream/{circuit-breaker,resilience},redis/client}.ts' },
  'graphql-shield': { by: 'src/auth/shield-library.ts', types: 'src/auth/**' },
  'graphql-middleware': { by: 'src/auth/shield-library.ts', types: 'src/auth/**' },
  keyv: { by: 'src/{cache/**,redis/keyv.ts}', types: 'src/operations/**' },
  '@graphql-yoga/render-graphiql': { by: 'src/server/explorer/explorer.ts' },
  '@apollo/server': { by: 'src/pipeline/execute/**' },
  '@modelcontextprotocol/server': { by: 'src/protocols/mcp/**' },
  'prom-client': { by: 'src/telemetry/metrics/**' },
  '@opentelemetry': { by: 'src/telemetry/tracing/**' },
  ioredis: { by: 'src/redis/{client,connect}.ts', types: 'src/**' },
  graphql: { by: '{src/*.ts,src/!(datasources|upstream)/**,bff-*/**,services/**,tools/**}' },
};

/** Most files have fewer than 80; one concern is not sliced to stay short. */
const MAX_LINES = 240;
const GENERATED = '**/{generated.ts,generated/**}';
const READ_THE_ENVIRONMENT = '{bff-*/main.ts,services/**,tools/**}';
const ENVIRONMENT = /\bprocess\W{1,5}env\b|\benv\b[^}]*\}\s*(=\s*|from\W+(node:)?)process\b/;
const KEBAB_CASE = /^([a-z0-9]+(-[a-z0-9]+)*[/.])*ts$/;

const is = posix.matchesGlob;

/** @param files - texts by their paths from the root */
function violations(files: ReadonlyMap<string, string>): string[] {
  return [...files].flatMap(([file, text]) => {
    const code = withoutComments(text);
    return [...formFaults(file, text, code), ...importsOf(code).flatMap((x) => fault(file, x))];
  });
}

function formFaults(file: string, text: string, code: string): string[] {
  const lines = text.split('\n').length - 1;
  const most = is(file, '**/main.ts') ? 15 : is(file, '{src,bff-*}/**') ? MAX_LINES : Infinity;
  const faults: string[] = [];
  if (lines > most && !is(file, GENERATED)) faults.push(`has ${lines} lines: at most ${most}`);
  if (!KEBAB_CASE.test(file)) faults.push('is not in kebab-case');
  if (ENVIRONMENT.test(code) && !is(file, READ_THE_ENVIRONMENT)) faults.push('reads process.env');
  return faults.map((rule) => `${file} ${rule}`);
}

function fault(file: string, { from = '(computed)', typeOnly }: Import): string[] {
  const target = targetOf(file, from);
  const wrong = (rule: string) => [`${file} imports ${from}: ${rule}`];
  for (const [name, { by, types }] of Object.entries(OWNED)) {
    const allowed = is(file, by) || (typeOnly && types && is(file, types));
    if (is(target, `npm/${name}{,/**}`) && !allowed) return wrong(`${name} is for ${by} only`);
  }
  const row = Object.entries(TABLE).find(([files]) => is(file, files));
  if (!row) return wrong('no row of the table is about this file');
  const [who, { may, types = [] }] = row;
  const own = posix.join(...file.split('/').slice(0, file.startsWith('src/') ? 2 : 1), '**');
  const reach = [own, ...may, ...(typeOnly ? types : [])];
  if (reach.some((glob) => is(target, glob))) return [];
  return wrong(`${who} may import ${may.join(' ')}, as types ${types.join(' ')}`);
}

/** A path from the root, `npm/…`, `node/…`; or, if it can't be told, what no row allows. */
function targetOf(file: string, from: string): string {
  if (isBuiltin(from)) return `node/${from.replace(/^node:/, '')}`;
  if (/^[(/#]|^\w+:/.test(from)) return `unknown/${from}`;
  if (!from.startsWith('.')) return `npm/${from}`;
  return posix.join(posix.dirname(file), from).replace(/^.*node_modules\//, 'npm/');
}

/** Strings stay; a template's lines become one, so that none of them looks like a statement. */
const withoutComments = (text: string): string =>
  text.replace(
    /('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`)|\/\*[\s\S]*?\*\/|\/\/.*/g,
    (_all, quoted?: string) => quoted?.replaceAll('\n', ' ') ?? ' ',
  );

type Import = { readonly from: string | undefined; readonly typeOnly: boolean };

const QUOTED = /['"`]([^'"`$]+)['"`]/.source;
const TYPE = /(type\b(?!\s*(?:,|from\s*['"])))?/.source;
const CLAUSE = /(?:[\w$\s{},*]*?\bfrom\s*)?/.source;
const STATEMENT = new RegExp(`(?:^|;)\\s*(?:im|ex)port\\b\\s*${TYPE}${CLAUSE}${QUOTED}`, 'gm');
// `import('x').Type` is a type: a promise has no member with a capital.
const CALL = new RegExp(`\\bimport\\s*\\(\\s*(?:${QUOTED}(\\s*\\)\\s*\\.\\s*[A-Z])?)?`, 'g');

/** `import { type A } from 'x'` counts as run time: without the type, x is still loaded. */
function importsOf(code: string): Import[] {
  const name = /(\w+)\s*=\s*createRequire\(/.exec(code)?.[1] ?? 'require';
  const called = new RegExp(`\\b(?:${name}|createRequire\\(.*\\))\\s*\\(\\s*(?:${QUOTED})?`, 'g');
  return [
    ...code.matchAll(STATEMENT).map(([, type, from]) => ({ from, typeOnly: type !== undefined })),
    ...code.matchAll(CALL).map(([, from, type]) => ({ from, typeOnly: type !== undefined })),
    ...code.matchAll(called).map(([, from]) => ({ from, typeOnly: false })),
  ];
}

function readTree(): ReadonlyMap<string, string> {
  const cwd = new URL('..', import.meta.url).pathname;
  const exclude = ['**/node_modules/**'];
  const files = globSync('{src,bff-*,services,tools}/**/*.ts', { cwd, exclude }).sort();
  assert.ok(files.length > 50);
  return new Map(files.map((file) => [file, readFileSync(posix.join(cwd, file), 'utf8')]));
}

/** Import cycles, each as the files on its way; types count as well. */
function cycles(files: ReadonlyMap<string, string>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const targets = (file: string) =>
    importsOf(withoutComments(files.get(file) ?? ''))
      .map(({ from = '' }) => targetOf(file, from))
      .filter((target) => files.has(target));
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) found.push([...path.slice(start), file].join(' > '));
    if (start >= 0 || done.has(file)) return;
    for (const target of targets(file)) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of files.keys()) visit(file, []);
  return found;
}

test('every file imports only what its layer may, and keeps its form', () => {
  assert.deepEqual(violations(readTree()), []);
});

test('no files import each other in a cycle', () => {
  assert.deepEqual(cycles(readTree()), []);
});

test('a cycle of types is found as well', () => {
  const files = new Map([
    ['src/a.ts', "import { b } from './b.ts';"],
    ['src/b.ts', "export { c } from './c.ts';"],
    ['src/c.ts', "import type { A } from './a.ts';"],
  ]);
  assert.deepEqual(cycles(files), ['src/a.ts > src/b.ts > src/c.ts > src/a.ts']);
});

const RED = `
bff-web/resolvers.ts      | import got from 'got'                                    | got is for
src/datasources/user.ts   | import DataLoader from 'dataloader'                      | dataloader is for
src/auth/rules.ts         | import { type IRule } from 'graphql-shield'              | graphql-shield is for
src/auth/shield.ts        | const r = createRequire(u); r('graphql-middleware')      | graphql-middleware is for
src/operations/store.ts   | import { Keyv } from 'keyv'                              | keyv is for
src/server/a.ts           | import { HeaderMap } from '@apollo/server/plugin/x'      | @apollo/server is for
src/datasources/user.ts   | import type { DocumentNode } from 'graphql'              | graphql is for
src/resolvers/user/a.ts   | import { staff } from '../../auth/rules.ts'              | {src/resolvers,bff-*}/** may
bff-web/bff.ts            | import { mobile } from '../bff-mobile/bff.ts'            | bff-*/{main,bff}.ts may
bff-web/generated.ts      | import { BffError } from '../src/errors.ts'              | generated
src/server/a.ts           | export * from '../resolvers/base.ts'                     | src/server/** may
src/upstream/a.ts         | import { t } from '../datasources/index.ts'              | src/upstream/** may
src/pipeline/a.ts         | import { t } from '../protocols/rest/a.ts'               | src/pipeline/** may
src/pipeline/a.ts         | import type { FastifyRequest } from 'fastify'            | fastify is for
src/protocols/a/a.ts      | import { t } from '../../pipeline/charge.ts'             | src/protocols/** may
src/http/a.ts             | import { t } from '../pipeline/a.ts'                     | src/http/** may
src/operations/a.ts       | import { t } from '../cache/store.ts'                    | src/operations/** may
src/cache/a.ts            | const t = await import('../auth/viewer.ts')              | src/{auth,cache
src/bff.ts                | import { createPolicyReader } from './cache/index.ts'    | src/{bff,cache-replacement
src/server/a.ts           | import { CAST } from '../../services/support/cast.ts'    | src/server/** may
src/unheard-of/a.ts       | import fs from 'node:fs'                                 | no row
services/user/service.ts  | import { BffError } from '../../src/errors.ts'           | services/*/service.ts may
services/user/users.ts    | import { BffError } from '../../src/errors.ts'           | services/** may
src/upstream/a.ts         | import { Code } from '@connectrpc/connect'               | @connectrpc is for
services/user/main.ts     | import { BffError } from '../../src/errors.ts'           | services/*/main.ts may
src/server/a.ts           | await import(name)                                       | (computed)
src/server/a.ts           | process.env.PORT                                         | reads process.env
src/server/a.ts           | import { env } from 'node:process'                       | reads process.env
src/upstream/a.ts         | import { Counter } from 'prom-client'                     | prom-client is for
src/upstream/a.ts         | import { trace } from '@opentelemetry/api'               | @opentelemetry is for
src/server/createServer.ts | 1                                                       | not in kebab-case
`;

const GREEN = `
src/auth/shield-library.ts | import type * as S from 'graphql-shield'; const s = require('graphql-shield')
src/auth/rules.ts          | import type { IRule } from 'graphql-shield'
src/operations/index.ts    | export { a } from './store.ts'; import { b } from '../cache/index.ts'
src/resolvers/user/a.ts    | import type { User } from '../../datasources/models.ts'
src/resolvers/user/a.ts    | let user: import('../../datasources/models.ts').User
src/upstream/http-client.ts | import got from 'got' // import { parse } from 'graphql'
services/user/main.ts      | import { UPSTREAMS } from '../../src/datasources/upstreams.ts'
src/server/a.ts            | /* process.env */ app() // import('got')
`;

const SAMPLE = /^(\S+) +\| (.*?)(?: +\| (.*))?$/gm;

for (const [, file = '', code = '', rule = ''] of RED.matchAll(SAMPLE)) {
  test(`refused: ${file}: ${code}`, () => {
    // Also over several lines, after a comment that seems to open a string.
    for (const text of [code, `// don't\n${code.replace('{ ', '{\n  ')}\n`]) {
      const [found = '', ...more] = violations(new Map([[file, text]]));
      assert.deepEqual(more, []);
      assert.ok(found.startsWith(file) && found.includes(rule), found);
    }
  });
}

for (const [, file = '', code = ''] of GREEN.matchAll(SAMPLE)) {
  test(`accepted: ${file}: ${code}`, () => {
    assert.deepEqual(violations(new Map([[file, code]])), []);
  });
}

test('a file may have 240 lines, and a main.ts 15, unless it is generated', () => {
  const found = (file: string, lines: number) => violations(new Map([[file, '\n'.repeat(lines)]]));
  assert.deepEqual(found('bff-web/a.ts', 241), ['bff-web/a.ts has 241 lines: at most 240']);
  assert.deepEqual(found('bff-web/main.ts', 16), ['bff-web/main.ts has 16 lines: at most 15']);
  for (const file of ['bff-web/generated.ts', 'src/datasources/generated/user.ts', 'tools/a.ts']) {
    assert.deepEqual(found(file, 241), []);
  }
  assert.deepEqual([...found('src/errors.ts', 240), ...found('bff-web/main.ts', 15)], []);
});
