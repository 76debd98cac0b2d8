import { readFileSync } from 'node:fs';
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
const GRAPHQL = /\bnode_modules\/graphql\/version\.m?js$/;

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
    // graphql has two builds without `exports`; graphql-shield requires the one in CommonJS (`main`).
    mainFields: ['main', 'module'],
    banner: { js: BANNER },
    // Shorter code takes less memory. Identifiers stay, because stack traces and errors show them.
    minifyWhitespace: true,
    minifySyntax: true,
    lineLimit: MAX_LINE_LENGTH,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    metafile: true,
    plugins: [bundledShield, embeddedFiles(await loadBff(name))],
  });
  const [output] = Object.values(metafile.outputs).filter(({ entryPoint }) => entryPoint);
  if (output === undefined) throw new Error(`${name} has no output`);
  const files = Object.keys(output.inputs);
  assertOneGraphql(files);
  const packages = packageFolders(files).map((path) => resolve(root, path));
  return { name, bytes: output.bytes, packages };
}

/** @throws Error if there are two copies of graphql, each of which refuses schemas of the other */
function assertOneGraphql(files: readonly string[]): void {
  const copies = files.filter((file) => GRAPHQL.test(file));
  if (copies.length !== 1) throw new Error(`must have one copy of graphql: ${copies.join(', ')}`);
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
