import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync } from 'node:fs';
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';
import { ROOT } from '../../tools/tree.ts';

// Tests start the library BFF some seventy times. From one file with all of its modules and packages, a
// process starts in 60 % of the CPU time. The bundles that are deployed have tests of their own.

const root = fileURLToPath(ROOT);
const FOLDER = fileURLToPath(new URL('node_modules/.cache/library/', ROOT));
const MAIN = 'test/support/fixture/main.ts';
/** The files that a bundle depends on. SDL and committed operations are read by the process. */
const SOURCES = ['src/**/*.ts', 'test/support/fixture/*.ts', 'tools/build/module-plugins.ts'];
const MAX_AGE_MS = 86_400_000;
/** What packages in CommonJS expect of the module that they are bundled into. */
const BANNER = `
import { createRequire as createBundleRequire } from 'node:module';
const require = createBundleRequire(import.meta.url);`;

let bundled: Promise<string> | undefined;

/**
 * Bundles the program of the library BFF, if no earlier process has bundled the same sources.
 * @returns the path of the file
 */
export function bundleLibrary(): Promise<string> {
  bundled ??= findOrBuild();
  return bundled;
}

async function findOrBuild(): Promise<string> {
  const file = `${FOLDER}${hashSources()}.mjs`;
  if (existsSync(file)) return file;
  mkdirSync(FOLDER, { recursive: true });
  await removeOld();
  // Other processes may build it at the same time.
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, await build());
  await rename(temporary, file);
  return file;
}

/** A bundle has the URLs of its sources, so their folder is part of the hash. */
function hashSources(): string {
  const hash = createHash('sha256').update(root);
  for (const file of [...globSync(SOURCES, { cwd: root }).sort(), 'package-lock.json']) {
    hash.update(file).update(readFileSync(new URL(file, ROOT)));
  }
  return hash.digest('hex').slice(0, 16);
}

async function removeOld(): Promise<void> {
  for (const name of globSync('*', { cwd: FOLDER })) {
    const file = FOLDER + name;
    const { mtimeMs } = await stat(file);
    if (Date.now() - mtimeMs > MAX_AGE_MS) await rm(file);
  }
}

/** Keeps the URL of each source, by which it finds its SDL. */
const ownUrls: Plugin = {
  name: 'own-urls',
  setup({ onLoad }) {
    onLoad({ filter: /\/(?:src|test)\/.*\.ts$/ }, ({ path }) => {
      const url = JSON.stringify(pathToFileURL(path).href);
      const contents = readFileSync(path, 'utf8').replaceAll('import.meta.url', url);
      return { contents, loader: 'ts' };
    });
  },
};

async function build(): Promise<string> {
  const [esbuild, { bundledShield, graphqlModules, lazyBuiltins }] = await Promise.all([
    import('esbuild'),
    import('../../tools/build/module-plugins.ts'),
  ]);
  const { outputFiles } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [MAIN],
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node26',
    format: 'esm',
    banner: { js: BANNER },
    minifyWhitespace: true,
    plugins: [bundledShield, graphqlModules, lazyBuiltins, ownUrls],
  });
  await esbuild.stop();
  return outputFiles[0]?.text ?? '';
}
