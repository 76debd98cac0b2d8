const MOST_NUMBERS = 100_000;

/** What an answer was made of, and since when. */
export interface Tagged {
  readonly tags: readonly string[];
  /** The highest number that had been given when the answer's making began. */
  readonly number: number;
}

/**
 * Invalidation without an index: every purge gets a number, higher than all before, and an answer is
 * stale if one of its tags was purged with a number higher than the one at which its making began.
 * So what began before a purge is never taken for what came after it, and nobody needs to know what
 * is stored where.
 */
export class TagNumbers {
  /** Purged last at the end. */
  readonly #numbers = new Map<string, number>();
  readonly #holds = new Map<string, number>();
  readonly #beforePurge: () => void;
  readonly #most: number;
  #last = 0;
  #floor = 0;

  /**
   * @param beforePurge - called before each purge: nothing that begins after it may use what was got
   *   before it
   * @param most - how many purged tags are remembered one by one
   */
  constructor(beforePurge: () => void = () => {}, most = MOST_NUMBERS) {
    this.#beforePurge = beforePurge;
    this.#most = most;
  }

  /** The highest number given. */
  get last(): number {
    return this.#last;
  }

  /** Makes everything stale that has one of the tags. */
  purge(tags: readonly string[]): void {
    if (tags.length === 0) return;
    this.#beforePurge();
    const number = ++this.#last;
    for (const tag of tags) {
      this.#numbers.delete(tag);
      this.#numbers.set(tag, number);
    }
    for (const [tag, dropped] of this.#numbers) {
      if (this.#numbers.size <= this.#most) break;
      this.#numbers.delete(tag);
      // Who began before this purge can't be told from who should have minded it.
      this.#floor = dropped;
    }
  }

  /**
   * Purges the tags, lets nothing with them be kept for a while, and purges them again: for a change
   * of which it is not known whether and when it is made.
   * @returns what ends it before the time is over, once the outcome is known
   */
  hold(tags: readonly string[], ms: number): () => void {
    this.purge(tags);
    for (const tag of tags) this.#holds.set(tag, (this.#holds.get(tag) ?? 0) + 1);
    const release = () => {
      clearTimeout(timer);
      for (const tag of tags) {
        const others = (this.#holds.get(tag) ?? 1) - 1;
        if (others > 0) this.#holds.set(tag, others);
        else this.#holds.delete(tag);
      }
      this.purge(tags);
    };
    const timer = setTimeout(release, ms).unref();
    return release;
  }

  isStale({ tags, number }: Tagged): boolean {
    if (number === this.#last && this.#holds.size === 0) return false;
    if (number < this.#floor) return true;
    return tags.some((tag) => (this.#numbers.get(tag) ?? 0) > number || this.#holds.has(tag));
  }
}
