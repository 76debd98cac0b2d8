import type { BigIntStats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { GraphQLSchema } from 'graphql';
import { ConfigError } from '../config/index.ts';
import {
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

export interface WatchedManifests {
  /** True if what the files have is in use. */
  readonly isCurrent: () => boolean;
  readonly stop: () => void;
}

interface WatchedFile {
  readonly path: string;
  /** Of the file; undefined until it is looked up for the first time. */
  readonly version: string | undefined;
  /** What is in use of it; undefined if it has never been valid. */
  readonly inUse: LoadedManifest | undefined;
  /** What the file has; undefined if that is invalid. */
  readonly latest: LoadedManifest | undefined;
  /** The reasons for which what the file has is not in use. */
  readonly faults: readonly string[];
}

/**
 * Reads manifests again when their files change. Looks at the files at an interval, which finds every way
 * of replacing them: in place, by renaming, and by the symbolic links of Kubernetes. A manifest whose new
 * file is invalid stays as it was, and is logged once for each version of the file; the others are taken.
 * If the folder can't be read, everything stays as it was.
 *
 * One operation is parsed in a turn of the event loop, so that requests are answered in between.
 */
export function watchManifests(watch: ManifestWatch): WatchedManifests {
  const { path, inUse, schema, findKnown, log, onChange, pollMs = POLL_MS } = watch;
  let known = inUse.map(
    (manifest): WatchedFile => ({
      path: manifest.path,
      version: undefined,
      inUse: manifest,
      latest: manifest,
      faults: [],
    }),
  );
  let loggedReason = '';
  let isChecking = false;
  let isStopped = false;

  async function check(): Promise<void> {
    const files: WatchedFile[] = [];
    for (const file of await listManifestFiles(path)) {
      const watched = await checkFile(file, manifestsOf(files));
      if (watched) files.push(watched);
    }
    if (isStopped || isDeepStrictEqual(files.map(versionOf), known.map(versionOf))) return;
    const settled = settle(files);
    logFaults(settled);
    const before = manifestsOf(known);
    const after = manifestsOf(settled);
    known = settled;
    const loaded = after.filter((manifest) => !before.includes(manifest)).map(clientOf);
    const gone = before.filter((manifest) => !after.includes(manifest)).map(clientOf);
    const removed = gone.filter((client) => !loaded.includes(client));
    if (loaded.length + removed.length === 0) return;
    onChange(after);
    log.info({ loaded, removed }, 'manifests reloaded');
  }

  /** @param others - the manifests of the files before it */
  async function checkFile(
    path: string,
    others: readonly LoadedManifest[],
  ): Promise<WatchedFile | undefined> {
    const found = await stat(path, { bigint: true }).catch(() => undefined);
    if (!found) return undefined;
    const watched = known.find((file) => file.path === path);
    const version = versionOfInode(found);
    if (watched && version === watched.version) return watched;
    const inUse = watched?.inUse;
    try {
      const text = await readFile(path, 'utf8');
      const loaded = toLoaded({ path, text }, await readInTurns(text, others));
      const latest = loaded.digest === inUse?.digest ? inUse : loaded;
      return { path, version, inUse, latest, faults: [] };
    } catch (error) {
      // Whatever is in the file, the process goes on with the manifest that it has.
      const faults = error instanceof ConfigError ? error.faults : [(error as Error).message];
      return { path, version, inUse, latest: undefined, faults };
    }
  }

  function logFaults(files: readonly WatchedFile[]): void {
    for (const { path, version, faults } of files) {
      const logged = known.find((file) => file.path === path && file.version === version);
      if (faults.length === 0 || isDeepStrictEqual(faults, logged?.faults)) continue;
      log.error({ file: path, faults }, 'manifest not reloaded');
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
  return {
    isCurrent: () => loggedReason === '' && known.every(({ faults }) => faults.length === 0),
    stop() {
      isStopped = true;
      clearInterval(timer);
    },
  };
}

/**
 * Takes what each file has, unless an id is another operation in the manifest of another file: then the
 * manifest that has changed stays as it was, or the later one if both have.
 */
function settle(files: readonly WatchedFile[]): WatchedFile[] {
  const settled = files.map(
    (file): WatchedFile => ({
      ...file,
      inUse: file.latest ?? file.inUse,
      faults: file.latest ? [] : file.faults,
    }),
  );
  for (let clash = findClash(settled); clash; clash = findClash(settled)) {
    const isChanged = (index: number) => settled[index]?.inUse !== files[index]?.inUse;
    const [refused, other] = isChanged(clash.later)
      ? [clash.later, clash.earlier]
      : [clash.earlier, clash.later];
    const fault = `${clash.id}: is another operation in ${settled[other]?.inUse?.client}.json`;
    const file = files[refused] as WatchedFile;
    settled[refused] = { ...file, faults: [fault] };
  }
  return settled;
}

/** Finds an id that is two operations, and the positions of their files. */
function findClash(files: readonly WatchedFile[]) {
  const seen = new Map<string, { readonly hash: string; readonly index: number }>();
  for (const [later, { inUse }] of files.entries()) {
    for (const [id, { hash }] of inUse?.operations ?? []) {
      const first = seen.get(id);
      if (first && first.hash !== hash) return { id, earlier: first.index, later };
      if (!first) seen.set(id, { hash, index: later });
    }
  }
  return undefined;
}

const clientOf = ({ client }: LoadedManifest): string => client;

const manifestsOf = (files: readonly WatchedFile[]): LoadedManifest[] =>
  files.flatMap(({ inUse }) => inUse ?? []);

const versionOf = ({ path, version }: WatchedFile) => [path, version];

/** Changes with every write: the time of the last change of an inode can't be set. */
const versionOfInode = ({ dev, ino, size, ctimeNs }: BigIntStats): string =>
  [dev, ino, size, ctimeNs].join();
