import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { BuildOptions, Plugin } from 'esbuild';

// What all bundles share: their options, and how modules are found, where that differs from running the source.

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
 * would be copied for each of the hundred modules that import it, which takes 2 MB.
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
 * an import reads every export, and `http` then loads Node's fetch and WebSocket, which takes 5 MB.
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

/** Modules that packages import and that no BFF uses, and what they are replaced by. */
const UNUSED_MODULES: readonly (readonly [RegExp, string])[] = [
  // Reports to Apollo, which src/pipeline/execute/apollo.ts turns off, with their Protocol Buffers.
  [/\/@apollo\/server\/.*\/plugin\/(?:inlineTrace|schemaReporting|usageReporting)\/index\.js$/, ''],
  // Validates arguments for graphql-shield's `inputRule`.
  [/\/yup\/lib\/index\.js$/, ''],
  // Messages in 60 languages.
  [/\/zod\/v4\/locales\/index\.js$/, "export { default as en } from './en.js';"],
];

/** Leaves out unused modules, because V8 keeps the text of all code. */
const withoutUnused: Plugin = {
  name: 'without-unused',
  setup({ onLoad, onEnd }) {
    const unmatched = new Set(UNUSED_MODULES.map(([filter]) => filter));
    for (const [filter, contents] of UNUSED_MODULES) {
      onLoad({ filter }, () => {
        unmatched.delete(filter);
        return { contents };
      });
    }
    // A package may move its files.
    onEnd(() => ({
      errors: [...unmatched].map((filter) => ({ text: `no module matches ${filter}` })),
    }));
  },
};

export const MODULE_PLUGINS: readonly Plugin[] = [
  bundledShield,
  graphqlModules,
  lazyBuiltins,
  withoutUnused,
];

/** What packages in CommonJS expect of the module that they are bundled into. */
const BANNER = `
import { createRequire as createBundleRequire } from 'node:module';
const require = createBundleRequire(import.meta.url);`.trim();

/** The options of all bundles. */
export const BUNDLE_OPTIONS = {
  write: false,
  bundle: true,
  platform: 'node',
  target: 'node26',
  format: 'esm',
  banner: { js: BANNER },
  // For development: 9 MB, which are loaded only if they are installed.
  external: ['@graphql-yoga/render-graphiql'],
} as const satisfies BuildOptions;
