import type { DocumentNode } from 'graphql';
import type { Keyv } from 'keyv';
import { LRUCache } from 'lru-cache';
import type { CommittedOperation } from './committed.ts';
import { hashOf, type Operation } from './operation.ts';

const MOST_DOCUMENTS = 2_000;
/** Characters of text; a parsed document takes some fifty times its text in memory. */
const MOST_TEXT = 2_000_000;
const PERSISTED_FOR_MS = 7 * 24 * 60 * 60 * 1_000;
const HASH_LENGTH = 64;
/** What Apollo Server puts before the hash of a persisted text. */
const PREFIX = 'apq:';

interface StoreOptions {
  readonly committed: readonly CommittedOperation[];
  /** Where persisted texts are kept, by hash. */
  readonly texts: Keyv<string>;
  /** @returns the document, undefined if anything is wrong with it */
  readonly read: (source: string) => DocumentNode | undefined;
}

/** How a client names an operation: by its text, its hash (SHA-256, in hex), or both. */
export interface Named {
  readonly query?: string | undefined;
  readonly sha256Hash?: string | undefined;
}

/**
 * Every operation that this process knows. The committed ones stay; the others give way to newer
 * ones, so that a flood of never-seen documents costs a bounded amount of memory.
 */
export function createOperationStore({ committed, texts, read }: StoreOptions) {
  const pinned = new Map(
    committed
      .flatMap((operation): Operation[] => [operation, operation.asClientsSendIt])
      .map((operation) => [operation.hash, operation]),
  );
  const recent = new LRUCache<string, Operation>({
    max: MOST_DOCUMENTS,
    maxSize: MOST_TEXT,
    sizeCalculation: ({ source }) => source.length,
  });
  const byHash = (hash: string) => pinned.get(hash) ?? recent.get(hash);

  function learn(source: string, hash: string): Operation | undefined {
    const document = read(source);
    if (!document) return undefined;
    const operation = { hash, source, document };
    recent.set(hash, operation);
    return operation;
  }

  return {
    /**
     * @returns at once, unless only its text may be known; undefined if it is not known, not valid, or the hash is another text's: Apollo Server
     *   has the right words for each
     */
    find({ query, sha256Hash }: Named): Operation | undefined | Promise<Operation | undefined> {
      const hash = query === undefined ? sha256Hash : hashOf(query);
      if (hash === undefined || (sha256Hash !== undefined && sha256Hash !== hash)) return undefined;
      const known = byHash(hash);
      if (known) return known;
      if (query !== undefined) return learn(query, hash);
      return texts.get(PREFIX + hash).then((source) => (source ? learn(source, hash) : undefined));
    },

    /** @returns the operation with this hash, if it was ever found valid and is still kept */
    byHash,

    /** Apollo Server's document store: it asks with a key that ends in the hash, and tells what it found valid. */
    documents: {
      get: async (key: string) => byHash(key.slice(-HASH_LENGTH))?.document,
      async set(key: string, document: DocumentNode) {
        const source = document.loc?.source.body ?? '';
        const hash = key.slice(-HASH_LENGTH);
        if (source && hashOf(source) === hash) recent.set(hash, { hash, source, document });
      },
      delete: async (key: string) => recent.delete(key.slice(-HASH_LENGTH)),
    },

    /** Apollo Server's store of persisted texts: the committed ones are known from the start. */
    persisted: {
      async get(key: string) {
        return byHash(key.slice(PREFIX.length))?.source ?? (await texts.get(key));
      },
      async set(key: string, text: string) {
        await texts.set(key, text, PERSISTED_FOR_MS);
      },
      delete: (key: string) => texts.delete(key),
    },
  };
}

export type OperationStore = ReturnType<typeof createOperationStore>;
