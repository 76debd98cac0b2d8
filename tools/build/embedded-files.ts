import { existsSync, readFileSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';
import type { BffDefinition } from '../../src/bff.ts';
import { type GraphqlFile, readGraphqlFiles } from '../../src/graphql-files.ts';
import { readManifestFiles } from '../../src/operations/index.ts';
import { SCHEMA_FOLDER } from '../../src/server/build-schema.ts';
import { clientsFolder } from '../../src/server/load-operations.ts';
import { ROOT } from '../tree.ts';

/** The root of the tree in a bundle: no file is read from there. */
const EMBEDDED_ROOT = 'embedded:///';
const IMPORT_META_URL = /\bimport\.meta\.url\b/g;
const READER = /\/src\/graphql-files\.ts$/;
/** The files that name files by their own URL; in others of the tree, `import.meta` ends the build. */
const REFERRERS = /\/(?:src\/server\/build-schema|bff-[\w-]+\/bff)\.ts$/;
const SOURCES = /\/(?:src|bff-[\w-]+)\/.*\.ts$/;

/**
 * Embeds the SDL, the committed operations and the manifests of BFFs: `src/graphql-files.ts` is replaced by a module
 * that holds their texts.
 */
export function embeddedFiles(bffs: readonly BffDefinition[]): Plugin {
  const folders = bffs.flatMap((bff) => [
    ...[...bff.domains, bff].map(({ schema }) => new URL(schema, SCHEMA_FOLDER)),
    bff.operations,
  ]);
  const files = Object.fromEntries(
    folders.map((url) => [toEmbedded(url).href, readGraphqlFiles(url)]),
  );
  const manifests = Object.fromEntries(
    bffs.map(({ name }) => [toEmbedded(clientsFolder(name)).href, readManifests(name)]),
  );
  return {
    name: 'embedded-files',
    setup(build) {
      build.onLoad({ filter: READER }, () => ({ contents: readerOf(files, manifests) }));
      build.onLoad({ filter: REFERRERS }, ({ path }) => ({
        contents: readFileSync(path, 'utf8').replace(
          IMPORT_META_URL,
          JSON.stringify(toEmbedded(path).href),
        ),
        loader: 'ts',
      }));
      build.onLoad({ filter: SOURCES }, ({ path }) => {
        const contents = readFileSync(path, 'utf8');
        if (!contents.includes('import.meta')) return { contents, loader: 'ts' };
        const text = 'import.meta is not of this file in a bundle; see tools/build/';
        return { errors: [{ text, location: { file: path } }] };
      });
    },
  };
}

function toEmbedded(file: URL | string): URL {
  const path = file instanceof URL ? fileURLToPath(file) : file;
  return new URL(relative(fileURLToPath(ROOT), path), EMBEDDED_ROOT);
}

function readManifests(bff: string): readonly GraphqlFile[] {
  const folder = fileURLToPath(clientsFolder(bff));
  if (!existsSync(folder)) return [];
  return readManifestFiles(folder).map(({ path, text }) => ({ name: basename(path), text }));
}

type Files = Readonly<Record<string, readonly GraphqlFile[]>>;

const readerOf = (files: Files, manifests: Files): string => `
const FILES = ${JSON.stringify(files)};
const MANIFESTS = ${JSON.stringify(manifests)};
export function readGraphqlFiles({ href }) {
  return find(FILES, href.replace(/\\/$/, ''));
}
export function embeddedManifests({ href }) {
  return find(MANIFESTS, href.replace(/\\/$/, ''));
}
function find(files, href) {
  if (files[href] === undefined) throw new Error(\`\${href} is not in this bundle\`);
  return files[href];
}`;
