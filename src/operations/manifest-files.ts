import { readdirSync, readFileSync, statSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { GraphQLSchema } from 'graphql';
import { ConfigError } from '../config/index.ts';
import { type FindKnown, readManifest } from './manifest.ts';
import { documentHash, type Operation } from './operation.ts';

/** `<name>@<version>.json`: other files of a folder are no manifests of released clients. */
const RELEASED = /^[A-Za-z][\w.-]*@\w[\w.+-]*\.json$/;

/** The operations of one client, usually of one of its versions. */
export interface Manifest {
  /** The name of its file without `.json`, such as `ios@3.1`. */
  readonly client: string;
  /** By id. */
  readonly operations: ReadonlyMap<string, Operation>;
}

export interface ManifestFile {
  /** On disk or, in a bundle, the name alone. */
  readonly path: string;
  readonly text: string;
}

/** A manifest that was read from a file. */
export interface LoadedManifest extends Manifest {
  readonly path: string;
  /** The hash of the file's text. */
  readonly digest: string;
}

/** True for the name of a file such as `ios@3.1.json`. */
export const isReleasedManifest = (file: string): boolean => RELEASED.test(file);

/**
 * Reads one manifest, or those of all released clients in a folder.
 * @throws ConfigError for a file that can't be read
 */
export function readManifestFiles(path: string): ManifestFile[] {
  const paths = readable(path, () =>
    statSync(path).isDirectory() ? inFolder(path, readdirSync(path)) : [path],
  );
  return paths.map((path) => ({ path, text: readable(path, () => readFileSync(path, 'utf8')) }));
}

/** Lists the paths of the files that `readManifestFiles` reads, without blocking. */
export async function listManifestFiles(path: string): Promise<string[]> {
  const found = await stat(path);
  return found.isDirectory() ? inFolder(path, await readdir(path)) : [path];
}

/**
 * Reads the operations of manifests. Those with the same text are one object.
 * @throws ConfigError with the faults of all files
 */
export function loadManifests(
  files: readonly ManifestFile[],
  schema: GraphQLSchema,
  findKnown: FindKnown = () => undefined,
): LoadedManifest[] {
  const faults: string[] = [];
  const loaded: LoadedManifest[] = [];
  for (const file of files) {
    try {
      const findAny = (hash: string) => findKnown(hash) ?? findIn(loaded, hash);
      const manifest = toLoaded(file, drain(readManifest(file.text, schema, findAny)));
      assertNoConflict(manifest, loaded);
      loaded.push(manifest);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      faults.push(...error.faults.map((fault) => `"${file.path}": ${fault}`));
    }
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return loaded;
}

export const toLoaded = (
  { path, text }: ManifestFile,
  operations: Manifest['operations'],
): LoadedManifest => ({
  path,
  client: basename(path, '.json'),
  digest: documentHash(text),
  operations,
});

/** Finds an operation by the hash of its text, which is its id in almost all manifests. */
export function findIn(manifests: readonly Manifest[], hash: string): Operation | undefined {
  for (const { operations } of manifests) {
    const found = operations.get(hash);
    if (found) return found;
  }
  return undefined;
}

/** @throws ConfigError if an id of the manifest is another operation in one of the others */
function assertNoConflict(manifest: Manifest, others: readonly Manifest[]): void {
  const faults = [...manifest.operations].flatMap(([id, { hash }]) =>
    others
      .filter(({ operations }) => (operations.get(id)?.hash ?? hash) !== hash)
      .map(({ client }) => `${id}: is another operation in ${client}.json`),
  );
  if (faults.length > 0) throw new ConfigError(faults);
}

const inFolder = (folder: string, files: readonly string[]): string[] =>
  files
    .filter(isReleasedManifest)
    .sort()
    .map((file) => join(folder, file));

function drain<T>(steps: Generator<undefined, T>): T {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

function readable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new ConfigError([`there is no readable file at "${path}"`], { cause: error });
  }
}
