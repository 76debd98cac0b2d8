import { readdirSync, readFileSync, statSync } from 'node:fs';

/** A file of SDL, of one operation, or a manifest of operations. */
export interface GraphqlFile {
  readonly name: string;
  readonly text: string;
}

/**
 * Reads one file, or all GraphQL files of a folder in the order of their names.
 *
 * `npm run build` replaces this module by one that holds the files (tools/build/embedded-files.ts).
 */
export function readGraphqlFiles(url: URL): readonly GraphqlFile[] {
  if (!statSync(url).isDirectory()) return [read(url)];
  return readdirSync(url)
    .filter((file) => file.endsWith('.graphql'))
    .sort()
    .map((file) => read(new URL(file, url.href.endsWith('/') ? url : `${url}/`)));
}

/** Returns the manifests of a folder that is in a bundle; undefined for one that is on disk. */
export const embeddedManifests = (_folder: URL): readonly GraphqlFile[] | undefined => undefined;

const read = (url: URL): GraphqlFile => ({
  name: url.pathname.slice(url.pathname.lastIndexOf('/') + 1),
  text: readFileSync(url, 'utf8'),
});
