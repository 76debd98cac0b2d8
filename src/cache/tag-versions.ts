const MAX_TAG_VERSIONS = 100_000;

/** What an answer was made of, and since when. */
export interface TaggedVersion {
  readonly tags: readonly string[];
  /** The highest number that had been given when the answer's making began. */
  readonly version: number;
}

/**
 * Invalidation without an index: every purge gets a number, higher than all before, and an answer is
 * stale if one of its tags was purged with a number higher than the one at which its making began.
 * So what began before a purge is never taken for what came after it, and nobody needs to know what
 * is stored where.
 */
export class TagVersions {
  /** Purged last at the end. */
  readonly #versions = new Map<string, number>();
  readonly #quarantined = new Map<string, number>();
  readonly #beforePurge: () => void;
  readonly #maxVersions: number;
  #current = 0;
  #floor = 0;

  /**
   * @param beforePurge - called before each purge: nothing that begins after it may use what was got
   *   before it
   * @param most - how many purged tags are remembered one by one
   */
  constructor(beforePurge: () => void = () => {}, most = MAX_TAG_VERSIONS) {
    this.#beforePurge = beforePurge;
    this.#maxVersions = most;
  }

  /** The highest number given. */
  get current(): number {
    return this.#current;
  }

  /** Makes everything stale that has one of the tags. */
  purge(tags: readonly string[]): void {
    if (tags.length === 0) return;
    this.#beforePurge();
    const number = ++this.#current;
    for (const tag of tags) {
      this.#versions.delete(tag);
      this.#versions.set(tag, number);
    }
    for (const [tag, dropped] of this.#versions) {
      if (this.#versions.size <= this.#maxVersions) break;
      this.#versions.delete(tag);
      // Who began before this purge can't be told from who should have minded it.
      this.#floor = dropped;
    }
  }

  /**
   * Purges the tags, lets nothing with them be kept for a while, and purges them again: for a change
   * of which it is not known whether and when it is made.
   * @returns what ends it before the time is over, once the outcome is known
   */
  quarantine(tags: readonly string[], ms: number): () => void {
    this.purge(tags);
    for (const tag of tags) this.#quarantined.set(tag, (this.#quarantined.get(tag) ?? 0) + 1);
    const release = () => {
      clearTimeout(timer);
      for (const tag of tags) {
        const others = (this.#quarantined.get(tag) ?? 1) - 1;
        if (others > 0) this.#quarantined.set(tag, others);
        else this.#quarantined.delete(tag);
      }
      this.purge(tags);
    };
    const timer = setTimeout(release, ms).unref();
    return release;
  }

  isStale({ tags, version: number }: TaggedVersion): boolean {
    if (number === this.#current && this.#quarantined.size === 0) return false;
    if (number < this.#floor) return true;
    return tags.some(
      (tag) => (this.#versions.get(tag) ?? 0) > number || this.#quarantined.has(tag),
    );
  }
}
