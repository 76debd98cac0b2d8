import { LRUCache } from 'lru-cache';
import { BffError } from '../errors.ts';
import { documentHash, type Operation } from './operation.ts';
import type { PersistedTexts } from './persisted-texts.ts';
import type { DocumentReader } from './read.ts';
import type { TrustedOperations } from './trusted.ts';

const MAX_DOCUMENTS = 2_000;
/** Characters of text; a parsed document takes some sixty times its text in memory. */
const MAX_TEXT_CHARACTERS = 500_000;

interface StoreOptions {
  /** They stay for as long as the process lives. */
  readonly trusted: TrustedOperations;
  /** Whether there are no others. */
  readonly trustedOnly: boolean;
  readonly texts: PersistedTexts;
  readonly read: DocumentReader;
}

/** How a client names an operation: by its text, its id, or both. */
export interface OperationRef {
  readonly query?: string | undefined;
  /** The text's SHA-256, in hex, or what a manifest calls it. */
  readonly id?: string | undefined;
}

/**
 * Every operation that this process knows. The trusted ones stay; the others give way to newer
 * ones, so that a flood of never-seen documents costs a bounded amount of memory.
 */
export function createOperationStore({ trusted, trustedOnly, texts, read }: StoreOptions) {
  const recent = new LRUCache<string, Operation>({
    max: MAX_DOCUMENTS,
    maxSize: MAX_TEXT_CHARACTERS,
    sizeCalculation: ({ source }) => source.length,
  });
  // By text, of operations that are known: to look a text up is faster than to hash it.
  const hashes = new LRUCache<string, string>({
    max: MAX_DOCUMENTS,
    maxSize: MAX_TEXT_CHARACTERS,
    sizeCalculation: (_hash, text) => text.length,
  });
  const byHash = (hash: string) => trusted.get(hash) ?? recent.get(hash);

  function hashFor(text: string): string {
    const known = hashes.get(text);
    if (known) return known;
    const hash = documentHash(text);
    if (byHash(hash)) hashes.set(text, hash);
    return hash;
  }

  function learn(source: string, hash: string): Operation {
    const known = recent.get(hash);
    if (known) return known;
    const operation = { hash, source, document: read(source) };
    recent.set(hash, operation);
    return operation;
  }

  function findByText(query: string, id: string | undefined): Operation {
    const hash = hashFor(query);
    const isTheirs = id === undefined || id === hash || trusted.get(id)?.hash === hash;
    if (!isTheirs) throw new BffError('BAD_REQUEST', 'The provided sha does not match the query.');
    const known = trusted.get(hash);
    if (known) return known;
    if (trustedOnly) throw notTrusted();
    return learn(query, hash);
  }

  function findById(id: string): Operation {
    const known = trusted.get(id);
    if (known) return known;
    if (trustedOnly) throw notTrusted();
    // Asked also where the document is at hand, to keep the text in use.
    const source = texts.get(id);
    const operation = recent.get(id);
    if (operation) return operation;
    if (source === undefined) throw notPersisted();
    return learn(source, id);
  }

  return {
    /**
     * @throws BffError OPERATION_NOT_TRUSTED, PERSISTED_QUERY_NOT_FOUND, QUERY_TOO_COMPLEX,
     *   BAD_REQUEST; DocumentError
     */
    find({ query, id }: OperationRef): Operation {
      if (query !== undefined) return findByText(query, id);
      if (id !== undefined) return findById(id);
      throw new BffError('BAD_REQUEST', 'A query or the id of one is missing.');
    },

    /** Whether a request gives the text of what it found with its hash, and the text is new. */
    isRegistration: ({ query, id }: OperationRef, { hash }: Operation): boolean =>
      query !== undefined && id !== undefined && !trusted.has(hash) && !texts.has(hash),

    /** Lets clients ask for an operation by its hash alone. */
    register({ hash, source }: Operation): void {
      texts.add(hash, source);
    },

    /** @returns the operation with this hash, if it was ever found valid and is still kept */
    byHash,

    /** @returns whether it names an operation that is known from the start */
    isTrusted: ({ query, id }: OperationRef): boolean =>
      trusted.has(query === undefined ? (id ?? '') : hashFor(query)),
  };
}

export type OperationStore = ReturnType<typeof createOperationStore>;

const notTrusted = () =>
  new BffError('OPERATION_NOT_TRUSTED', 'Only operations that were registered are taken here.');

const notPersisted = () => new BffError('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound');
