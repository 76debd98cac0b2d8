import type { Operation } from '../../operations/index.ts';

interface Held {
  readonly operation: Operation;
  uses: number;
}

const HASH_LENGTH = 64;

/**
 * The operations that are being executed, by hash. Apollo Server is asked by it, and finds text and
 * document here: it hashes, parses and validates nothing again.
 */
export class Executing {
  readonly #held = new Map<string, Held>();

  /** @param work - during which the operation can be found */
  async during<T>(operation: Operation, work: () => Promise<T>): Promise<T> {
    const { hash } = operation;
    const held = this.#held.get(hash) ?? { operation, uses: 0 };
    held.uses += 1;
    this.#held.set(hash, held);
    try {
      return await work();
    } finally {
      held.uses -= 1;
      if (held.uses === 0) this.#held.delete(hash);
    }
  }

  /** Apollo Server's stores ask with a key that ends in the hash. */
  readonly documents = toStore((key) => this.#find(key)?.document);
  readonly texts = toStore((key) => this.#find(key)?.source);

  #find(key: string): Operation | undefined {
    return this.#held.get(key.slice(-HASH_LENGTH))?.operation;
  }
}

const toStore = <V>(get: (key: string) => V | undefined) => ({
  get: async (key: string) => get(key),
  set: async () => undefined,
  delete: async () => false,
});
