import type { Purge } from '../types.ts';

/** Tags that are kept; beyond them, everything is purged instead. */
const MAX_TAGS = 10_000;
/** In one purge. */
const MAX_TAGS_PER_PURGE = 1_000;

/** The purges of this replica that Redis does not know yet. Its size is bounded, and no purge is lost. */
export class UndeliveredPurges {
  readonly #tags = new Set<string>();
  #isEverything = false;

  get isEmpty(): boolean {
    return this.#tags.size === 0 && !this.#isEverything;
  }

  add(purge: Purge): void {
    if (purge.kind === 'everything') this.#isEverything = true;
    else for (const tag of purge.tags) this.#tags.add(tag);
    if (this.#tags.size > MAX_TAGS) this.#isEverything = true;
    if (this.#isEverything) this.#tags.clear();
  }

  /** @throws what `send` throws; what it has not sent is kept */
  async deliver(send: (purge: Purge) => Promise<unknown>): Promise<void> {
    while (!this.isEmpty) {
      if (this.#isEverything) {
        await send({ kind: 'everything' });
        this.#isEverything = false;
      }
      const tags = [...this.#tags].slice(0, MAX_TAGS_PER_PURGE);
      if (tags.length === 0) continue;
      await send({ kind: 'tags', tags });
      for (const tag of tags) this.#tags.delete(tag);
    }
  }
}
