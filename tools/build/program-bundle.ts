import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync } from 'node:fs';
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';
import { ROOT } from '../tree.ts';

// Tests start BFFs as processes some seventy times. From one file with all of its modules and packages, a
// process starts in 60 % of the CPU time. The bundles that are deployed have tests of their own.

/** The program of the library BFF. */
export const LIBRARY_MAIN = 'test/support/fixture/main.ts';

const root = fileURLToPath(ROOT);
const FOLDER = fileURLToPath(new URL('node_modules/.cache/programs/', ROOT));
/** The files that a bundle depends on. SDL and committed operations are read by the process. */
const SOURCES = [
  '{src,bff-*}/**/*.ts',
  'test/support/fixture/*.ts',
  'tools/build/{module-plugins,program-bundle}.ts',
];
const MAX_AGE_MS = 86_400_000;

const bundled = new Map<string, Promise<string>>();

/**
 * Bundles a program, if no earlier process has bundled the same sources.
 * @param main - the path of its main file, from the root
 * @returns the path of the bundle
 */
export function bundleProgram(main: string): Promise<string> {
  const file = bundled.get(main) ?? findOrBuild(main);
  bundled.set(main, file);
  return file;
}

async function findOrBuild(main: string): Promise<string> {
  const file = `${FOLDER}${hashSources(main)}.mjs`;
  if (existsSync(file)) return file;
  mkdirSync(FOLDER, { recursive: true });
  await removeOld();
  // Other processes may build it at the same time.
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, await build(main));
  await rename(temporary, file);
  return file;
}

/** A bundle has the URLs of its sources, so their folder is part of the hash. */
function hashSources(main: string): string {
  const hash = createHash('sha256').update(root + main);
  for (const file of [...globSync(SOURCES, { cwd: root }).sort(), 'package-lock.json']) {
    hash.update(file).update(readFileSync(new URL(file, ROOT)));
  }
  return hash.digest('hex').slice(0, 16);
}

async function removeOld(): Promise<void> {
  for (const name of globSync('*', { cwd: FOLDER })) {
    const file = FOLDER + name;
    const found = await stat(file).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > MAX_AGE_MS) await rm(file, { force: true });
  }
}

/** Keeps the URL of each source, by which it finds its SDL. */
const ownUrls: Plugin = {
  name: 'own-urls',
  setup({ onLoad }) {
    onLoad({ filter: /\/(?:src|test|bff-[\w-]+)\/.*\.ts$/ }, ({ path }) => {
      const url = JSON.stringify(pathToFileURL(path).href);
      const contents = readFileSync(path, 'utf8').replaceAll('import.meta.url', url);
      return { contents, loader: 'ts' };
    });
  },
};

async function build(main: string): Promise<string> {
  const [esbuild, { BUNDLE_OPTIONS, MODULE_PLUGINS }] = await Promise.all([
    import('esbuild'),
    import('./module-plugins.ts'),
  ]);
  const { outputFiles } = await esbuild.build({
    ...BUNDLE_OPTIONS,
    absWorkingDir: root,
    entryPoints: [main],
    minifyWhitespace: true,
    plugins: [...MODULE_PLUGINS, ownUrls],
  });
  await esbuild.stop();
  return outputFiles[0]?.text ?? '';
}
