import type { Purge } from '../types.ts';

/** Limit of waiting tags. Beyond it, everything is purged instead. */
const MAX_TAGS = 10_000;
const MAX_TAGS_PER_PURGE = 1_000;

/**
 * The purges of this replica that have no version in Redis yet. Their number is bounded, and no purge is
 * dropped.
 */
export class UndeliveredPurges {
  readonly #sending = new Set<Purge>();
  /** The tags of purges that Redis did not accept. */
  readonly #tags = new Set<string>();
  #isEverything = false;

  get isEmpty(): boolean {
    return this.#tags.size === 0 && !this.#isEverything && this.#sending.size === 0;
  }

  /** True if one of the purges concerns a response with these tags. */
  covers(tags: readonly string[]): boolean {
    if (this.#isEverything || tags.some((tag) => this.#tags.has(tag))) return true;
    return this.#sending
      .values()
      .some((purge) => purge.kind === 'everything' || purge.tags.some((tag) => tags.includes(tag)));
  }

  /**
   * Sends a purge, and keeps it if that fails.
   * @throws what `send` throws
   */
  async send<T>(purge: Purge, send: (purge: Purge) => Promise<T>): Promise<T> {
    this.#sending.add(purge);
    try {
      return await send(purge);
    } catch (error) {
      this.#keep(purge);
      throw error;
    } finally {
      this.#sending.delete(purge);
    }
  }

  /** Sends what was kept, until there is nothing left. @throws what `send` throws */
  async sendKept(send: (purge: Purge) => Promise<unknown>): Promise<void> {
    for (let purge = this.#take(); purge; purge = this.#take()) await this.send(purge, send);
  }

  #keep(purge: Purge): void {
    if (purge.kind === 'everything') this.#isEverything = true;
    else for (const tag of purge.tags) this.#tags.add(tag);
    if (this.#tags.size > MAX_TAGS) this.#isEverything = true;
    if (this.#isEverything) this.#tags.clear();
  }

  #take(): Purge | undefined {
    if (this.#isEverything) {
      this.#isEverything = false;
      return { kind: 'everything' };
    }
    const tags = [...this.#tags.values().take(MAX_TAGS_PER_PURGE)];
    for (const tag of tags) this.#tags.delete(tag);
    return tags.length > 0 ? { kind: 'tags', tags } : undefined;
  }
}
