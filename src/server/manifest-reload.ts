import type { BigIntStats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { GraphQLSchema } from 'graphql';
import { ConfigError } from '../config/index.ts';
import {
  assertNoConflict,
  findIn,
  type LoadedManifest,
  listManifestFiles,
  type Operation,
  readManifest,
  toLoaded,
} from '../operations/index.ts';
import type { Log } from '../telemetry/log.ts';

/** The interval at which the files are looked up. */
const POLL_MS = 2_000;

interface ManifestWatch {
  /** A manifest, or a folder with those of released clients. */
  readonly path: string;
  readonly inUse: readonly LoadedManifest[];
  readonly schema: GraphQLSchema;
  /** An operation that is in use keeps its document, and with it what was computed for it. */
  readonly findKnown: (hash: string) => Operation | undefined;
  readonly log: Log;
  readonly onChange: (manifests: readonly LoadedManifest[]) => void;
  readonly pollMs?: number;
}

interface WatchedFile {
  /** Of the file; undefined until it is looked up for the first time. */
  readonly version: string | undefined;
  /** What is in use of it; undefined if it has never been valid. */
  readonly manifest: LoadedManifest | undefined;
}

/**
 * Reads manifests again when their files change. Looks at the files at an interval, which finds every way
 * of replacing them: in place, by renaming, and by the symbolic links of Kubernetes. A manifest whose new
 * file is invalid stays as it was, and is logged once for each version of the file; the others are taken.
 * If the folder can't be read, everything stays as it was.
 *
 * One operation is parsed in a turn of the event loop, so that requests are answered in between.
 * @returns a function that ends it
 */
export function watchManifests(watch: ManifestWatch): () => void {
  const { path, inUse, schema, findKnown, log, onChange, pollMs = POLL_MS } = watch;
  let known = new Map<string, WatchedFile>(
    inUse.map((manifest) => [manifest.path, { version: undefined, manifest }]),
  );
  let loggedReason = '';
  let isChecking = false;
  let isStopped = false;

  async function check(): Promise<void> {
    const next = new Map<string, WatchedFile>();
    for (const file of await listManifestFiles(path)) {
      const watched = await checkFile(file, manifestsOf(next));
      if (watched) next.set(file, watched);
    }
    const before = manifestsOf(known);
    const after = manifestsOf(next);
    known = next;
    const loaded = after.filter((manifest) => !before.includes(manifest)).map(clientOf);
    const gone = before.filter((manifest) => !after.includes(manifest)).map(clientOf);
    const removed = gone.filter((client) => !loaded.includes(client));
    if (isStopped || loaded.length + removed.length === 0) return;
    onChange(after);
    log.info({ loaded, removed }, 'manifests reloaded');
  }

  /** @param others - the manifests of the files before it */
  async function checkFile(
    file: string,
    others: readonly LoadedManifest[],
  ): Promise<WatchedFile | undefined> {
    const found = await stat(file, { bigint: true }).catch(() => undefined);
    if (!found) return undefined;
    const watched = known.get(file);
    const version = versionOf(found);
    if (version === watched?.version) return watched;
    const manifest = watched?.manifest;
    try {
      const text = await readFile(file, 'utf8');
      const loaded = toLoaded({ path: file, text }, await readInTurns(text, others));
      if (loaded.digest === manifest?.digest) return { version, manifest };
      assertNoConflict(loaded, others);
      return { version, manifest: loaded };
    } catch (error) {
      // Whatever is in the file, the process goes on with the manifest that it has.
      const faults = error instanceof ConfigError ? error.faults : [(error as Error).message];
      log.error({ file, faults }, 'manifest not reloaded');
      return { version, manifest };
    }
  }

  async function readInTurns(text: string, others: readonly LoadedManifest[]) {
    const steps = readManifest(text, schema, (hash) => findKnown(hash) ?? findIn(others, hash));
    let step = steps.next();
    while (!step.done) {
      await nextTurn();
      step = steps.next();
    }
    return step.value;
  }

  function logFailure({ message }: Error): void {
    if (message === loggedReason) return;
    loggedReason = message;
    log.error({ path, reason: message }, 'manifests not reloaded');
  }

  const timer = setInterval(() => {
    if (isChecking) return;
    isChecking = true;
    check()
      .then(() => {
        loggedReason = '';
      }, logFailure)
      .finally(() => {
        isChecking = false;
      });
  }, pollMs).unref();
  return () => {
    isStopped = true;
    clearInterval(timer);
  };
}

const clientOf = ({ client }: LoadedManifest): string => client;

const manifestsOf = (files: ReadonlyMap<string, WatchedFile>): LoadedManifest[] =>
  [...files.values()].flatMap(({ manifest }) => manifest ?? []);

/** Changes with every write: the time of the last change of an inode can't be set. */
const versionOf = ({ dev, ino, size, ctimeNs }: BigIntStats): string =>
  [dev, ino, size, ctimeNs].join();
