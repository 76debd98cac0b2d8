import { LRUCache } from 'lru-cache';
import { BffError } from '../errors.ts';
import { documentHash, type Operation } from './operation.ts';
import type { PersistedTexts } from './persisted-texts.ts';
import type { DocumentReader } from './read.ts';
import type { TrustedOperations } from './trusted.ts';

const MAX_DOCUMENTS = 2_000;
/** A parsed document takes about sixty times its text in memory. */
const MAX_TEXT_CHARACTERS = 500_000;

interface StoreOptions {
  /** Kept until they are replaced. */
  readonly trusted: TrustedOperations;
  /** Rejects all other operations. */
  readonly trustedOnly: boolean;
  readonly texts: PersistedTexts;
  readonly read: DocumentReader;
}

/** A client's reference to an operation: its text, its id, or both. */
export interface OperationRef {
  readonly query?: string | undefined;
  /** The SHA-256 of the text, in hex, or an id of the manifest. */
  readonly id?: string | undefined;
}

/**
 * Holds the operations that this process knows. Trusted operations stay; the others are in an LRU
 * cache, so that a flood of new documents takes a bounded amount of memory.
 */
export function createOperationStore(options: StoreOptions) {
  const { trustedOnly, texts, read } = options;
  let { trusted } = options;
  const recent = new LRUCache<string, Operation>({
    max: MAX_DOCUMENTS,
    maxSize: MAX_TEXT_CHARACTERS,
    sizeCalculation: ({ source }) => source.length,
  });
  // Hashes of known operations by text: looking a text up is faster than hashing it.
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

  function readAndStore(source: string, hash: string): Operation {
    const known = recent.get(hash);
    if (known) return known;
    const operation = { hash, source, document: read(source) };
    recent.set(hash, operation);
    return operation;
  }

  function findByText(query: string, id: string | undefined): Operation {
    const hash = hashFor(query);
    const isMatching = id === undefined || id === hash || trusted.get(id)?.hash === hash;
    if (!isMatching)
      throw new BffError('BAD_REQUEST', 'The provided sha does not match the query.');
    const known = trusted.get(hash);
    if (known) return known;
    if (trustedOnly) throw notTrusted();
    return readAndStore(query, hash);
  }

  function findById(id: string): Operation {
    const known = trusted.get(id);
    if (known) return known;
    if (trustedOnly) throw notTrusted();
    // Also called if the document is in memory, so that the text stays in use.
    const source = texts.get(id);
    const operation = recent.get(id);
    if (operation) return operation;
    if (source === undefined) throw notPersisted();
    return readAndStore(source, id);
  }

  return {
    /**
     * Finds an operation, reading its document if it is new.
     * @throws BffError OPERATION_NOT_TRUSTED, PERSISTED_QUERY_NOT_FOUND, QUERY_TOO_COMPLEX,
     *   BAD_REQUEST; DocumentError
     */
    find({ query, id }: OperationRef): Operation {
      if (query !== undefined) return findByText(query, id);
      if (id !== undefined) return findById(id);
      throw new BffError('BAD_REQUEST', 'Send a query or the id of a persisted one.');
    },

    /** True if a request provides a text with its hash, and the text is new. */
    isNewPersisted: ({ query, id }: OperationRef, { hash }: Operation): boolean =>
      query !== undefined && id !== undefined && !trusted.has(hash) && !texts.has(hash),

    /** Registers these operations instead of those before; requests that have found one go on. */
    replaceTrusted(operations: TrustedOperations): void {
      trusted = operations;
    },

    /** Lets clients request an operation by its hash alone. */
    persist({ hash, source }: Operation): void {
      texts.add(hash, source);
    },

    /** Returns the operation with this hash, if it is trusted or still in the cache. */
    byHash,

    /** True if the operation with this hash is trusted. */
    isTrustedHash: (hash: string): boolean => trusted.has(hash),

    /** The hash of the text that a reference names; undefined if it names none. */
    hashOf: ({ query, id }: OperationRef): string | undefined =>
      query === undefined ? id && (trusted.get(id)?.hash ?? id) : hashFor(query),

    /** True if the reference names a trusted operation. */
    isTrusted: ({ query, id }: OperationRef): boolean =>
      trusted.has(query === undefined ? (id ?? '') : hashFor(query)),
  };
}

export type OperationStore = ReturnType<typeof createOperationStore>;

const notTrusted = () =>
  new BffError('OPERATION_NOT_TRUSTED', 'Only registered operations are accepted.');

const notPersisted = () => new BffError('PERSISTED_QUERY_NOT_FOUND', 'PersistedQueryNotFound');
