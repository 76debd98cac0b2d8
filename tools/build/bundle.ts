import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { loadBff, ROOT } from '../tree.ts';
import { embeddedFiles } from './embedded-files.ts';
import { packageFolders } from './licenses.ts';
import { BUNDLE_OPTIONS, MODULE_PLUGINS } from './module-plugins.ts';

const root = fileURLToPath(ROOT);

/** An uncaught error prints the line of code that threw it. */
const MAX_LINE_LENGTH = 200;
const NON_ASCII = /[\u0080-\uffff]/g;
/** A file of graphql: its folder, and the extension, which is that of one of its two builds. */
const GRAPHQL_FILE = /^(.*\bnode_modules\/graphql\/).*(\.m?js)$/;

export interface Bundle {
  readonly code: string;
  readonly sourceMap: string;
  /** The folders of the packages in it. */
  readonly packages: readonly string[];
}

/**
 * Bundles one BFF with its packages, SDL and committed operations into `<name>.mjs`, which needs
 * nothing but Node, and `<name>.mjs.map`.
 */
export async function bundle(name: string): Promise<Bundle> {
  const { metafile, outputFiles } = await build({
    ...(await optionsFor([name])),
    // Shorter code takes less memory. Identifiers stay, because stack traces and errors show them.
    minifyWhitespace: true,
    minifySyntax: true,
    lineLimit: MAX_LINE_LENGTH,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
  });
  const textOf = (extension: string) =>
    outputFiles.find(({ path }) => path.endsWith(extension))?.text ?? '';
  return {
    code: escapeNonAscii(textOf('.mjs')),
    sourceMap: textOf('.map'),
    packages: packagesIn(metafile),
  };
}

/** Finds the packages of all bundles without making them, which takes a third of the time. */
export async function findBundledPackages(names: readonly string[]): Promise<string[]> {
  return packagesIn((await build(await optionsFor(names))).metafile);
}

const optionsFor = async (names: readonly string[]) =>
  ({
    ...BUNDLE_OPTIONS,
    absWorkingDir: root,
    entryPoints: Object.fromEntries(names.map((name) => [name, `bff-${name}/main.ts`])),
    // Source maps are relative to it.
    outdir: join(root, 'dist'),
    outExtension: { '.js': '.mjs' },
    metafile: true,
    plugins: [...MODULE_PLUGINS, embeddedFiles(await Promise.all(names.map(loadBff)))],
  }) satisfies BuildOptions;

/** @returns the folders of the packages */
function packagesIn({ outputs }: Metafile): string[] {
  const files = Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs));
  assertOneGraphql(files);
  return packageFolders(files).map((path) => resolve(root, path));
}

/**
 * Escapes the characters that esbuild leaves in regular expressions: V8 keeps the text of a file in one
 * byte per character only if all of them are ASCII.
 */
const escapeNonAscii = (code: string): string =>
  code.replaceAll(NON_ASCII, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** @throws Error if there are two builds of graphql, each of which refuses schemas of the other */
function assertOneGraphql(files: readonly string[]): void {
  const builds = files.flatMap((file) => {
    const [, folder, extension] = GRAPHQL_FILE.exec(file) ?? [];
    return folder === undefined ? [] : `${folder}*${extension}`;
  });
  const [...unique] = new Set(builds);
  if (unique.length !== 1) throw new Error(`must have one build of graphql: ${unique.join(', ')}`);
}
