import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { loadBff, ROOT } from '../tree.ts';
import { embeddedFiles } from './embedded-files.ts';
import { packageFolders } from './licenses.ts';

/** What packages in CommonJS expect of the module that they are bundled into. */
const BANNER = `
import { createRequire as createBundleRequire } from 'node:module';
const require = createBundleRequire(import.meta.url);`.trim();
/** An uncaught error prints the line of code that threw it. */
const MAX_LINE_LENGTH = 200;
const NON_ASCII = /[\u0080-\uffff]/g;
/** A file of graphql: its folder, and the extension, which is that of one of its two builds. */
const GRAPHQL_FILE = /^(.*\bnode_modules\/graphql\/).*(\.m?js)$/;

export interface Bundle {
  readonly name: string;
  readonly bytes: number;
  /** The folders of the packages in it. */
  readonly packages: readonly string[];
}

/**
 * Bundles one BFF with its packages, SDL and committed operations into `<name>.mjs`, which needs
 * nothing but Node, and writes its source map beside it.
 */
export async function bundle(name: string, folder: URL): Promise<Bundle> {
  const root = fileURLToPath(ROOT);
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { [name]: `bff-${name}/main.ts` },
    outdir: fileURLToPath(folder),
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node26',
    format: 'esm',
    banner: { js: BANNER },
    // Shorter code takes less memory. Identifiers stay, because stack traces and errors show them.
    minifyWhitespace: true,
    minifySyntax: true,
    lineLimit: MAX_LINE_LENGTH,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    metafile: true,
    plugins: [bundledShield, graphqlModules, lazyBuiltins, embeddedFiles(await loadBff(name))],
  });
  await escapeNonAscii(new URL(`${name}.mjs`, folder));
  const [output] = Object.values(metafile.outputs).filter(({ entryPoint }) => entryPoint);
  if (output === undefined) throw new Error(`${name} has no output`);
  const files = Object.keys(output.inputs);
  assertOneGraphql(files);
  const packages = packageFolders(files).map((path) => resolve(root, path));
  return { name, bytes: output.bytes, packages };
}

/**
 * Escapes the characters that esbuild leaves in regular expressions: V8 keeps the text of a file in one
 * byte per character only if all of them are ASCII.
 */
async function escapeNonAscii(file: URL): Promise<void> {
  const code = await readFile(file, 'utf8');
  const toEscape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  await writeFile(file, code.replaceAll(NON_ASCII, toEscape));
}

/** @throws Error if there are two builds of graphql, each of which refuses schemas of the other */
function assertOneGraphql(files: readonly string[]): void {
  const builds = files.flatMap((file) => {
    const [, folder, extension] = GRAPHQL_FILE.exec(file) ?? [];
    return folder === undefined ? [] : `${folder}*${extension}`;
  });
  const [...unique] = new Set(builds);
  if (unique.length !== 1) throw new Error(`must have one build of graphql: ${unique.join(', ')}`);
}

/** The statement by which src/auth/shield-library.ts loads packages from node_modules at run time. */
const CREATE_REQUIRE = 'const require = createRequire(import.meta.url);';

/** Lets esbuild see what src/auth/shield-library.ts requires. */
const bundledShield: Plugin = {
  name: 'bundled-shield',
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/auth\/shield-library\.ts$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      if (!source.includes(CREATE_REQUIRE)) {
        throw new Error(`${basename(path)} must have the line: ${CREATE_REQUIRE}`);
      }
      return { contents: source.replace(CREATE_REQUIRE, ''), loader: 'ts' };
    });
  },
};

/**
 * Resolves graphql to its ES modules, also where CommonJS requires it. As CommonJS, all of its exports
 * would be copied for each of the hundred modules that import it, which takes 5 MB.
 */
const graphqlModules: Plugin = {
  name: 'graphql-modules',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^graphql(?:\/|$)/ }, async ({ path, pluginData, ...options }) => {
      // The call below ends up here, too.
      if (pluginData === graphqlModules) return undefined;
      const found = await resolve(path, { ...options, pluginData: graphqlModules });
      return { path: found.path.replace(/\.js$/, '.mjs'), errors: found.errors };
    });
  },
};

const BUILTIN_NAMESPACE = 'builtin';

/**
 * Requires the modules of Node that have exports which are loaded on demand, instead of importing them:
 * an import reads every export, and `http` then loads Node's fetch and WebSocket, which takes 10 MB.
 */
const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(?:node:)?(?:fs|http|process|util)$/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: BUILTIN_NAMESPACE } : undefined,
    );
    onLoad({ filter: /^/, namespace: BUILTIN_NAMESPACE }, ({ path }) => ({
      contents: `module.exports = require('${path}')`,
    }));
  },
};
