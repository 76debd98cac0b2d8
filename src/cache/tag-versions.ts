const MAX_TAG_VERSIONS = 100_000;

/** The tags of a response and the version at which its execution began. */
export interface TaggedVersion {
  readonly tags: readonly string[];
  /** `TagVersions.current` when the execution began. */
  readonly version: number;
}

/**
 * Invalidates by tag without an index of entries. Every purge increments the version; a response is
 * stale if one of its tags was purged at a higher version than the one at which its execution began.
 * So the result of an execution that began before a purge is never served after it, and no list of
 * the stored entries is needed.
 */
export class TagVersions {
  /** The version of each tag's last purge; the most recent purge is last. */
  readonly #versions = new Map<string, number>();
  readonly #quarantined = new Map<string, number>();
  readonly #beforePurge: () => void;
  readonly #maxVersions: number;
  #current = 0;
  #floor = 0;

  /**
   * @param beforePurge - called before each purge; executions that begin after it must not use data
   *   that was read before it
   * @param maxVersions - the number of purged tags that are tracked individually
   */
  constructor(beforePurge: () => void = () => {}, maxVersions = MAX_TAG_VERSIONS) {
    this.#beforePurge = beforePurge;
    this.#maxVersions = maxVersions;
  }

  /** The version of the last purge. */
  get current(): number {
    return this.#current;
  }

  /** Makes every response with one of the tags stale. */
  purge(tags: readonly string[]): void {
    if (tags.length === 0) return;
    this.#beforePurge();
    const version = ++this.#current;
    for (const tag of tags) {
      this.#versions.delete(tag);
      this.#versions.set(tag, version);
    }
    for (const [tag, dropped] of this.#versions) {
      if (this.#versions.size <= this.#maxVersions) break;
      this.#versions.delete(tag);
      // Older responses may have the dropped tag, so all of them become stale.
      this.#floor = dropped;
    }
  }

  /** Makes every response stale. */
  purgeAll(): void {
    this.#beforePurge();
    this.#floor = ++this.#current;
    this.#versions.clear();
  }

  /**
   * Purges the tags, keeps responses with them from being stored for a while, and purges them again.
   * For a write whose outcome is unknown.
   * @param onEnd - called after the second purge
   * @returns a function that ends the quarantine early, once the outcome is known; later it does nothing
   */
  quarantine(tags: readonly string[], ms: number, onEnd: () => void = () => {}): () => void {
    this.purge(tags);
    for (const tag of tags) this.#quarantined.set(tag, (this.#quarantined.get(tag) ?? 0) + 1);
    let isReleased = false;
    const release = () => {
      if (isReleased) return;
      isReleased = true;
      clearTimeout(timer);
      for (const tag of tags) {
        const others = (this.#quarantined.get(tag) ?? 1) - 1;
        if (others > 0) this.#quarantined.set(tag, others);
        else this.#quarantined.delete(tag);
      }
      this.purge(tags);
      onEnd();
    };
    const timer = setTimeout(release, ms).unref();
    return release;
  }

  isStale({ tags, version }: TaggedVersion): boolean {
    if (version === this.#current && this.#quarantined.size === 0) return false;
    if (version < this.#floor) return true;
    return tags.some(
      (tag) => (this.#versions.get(tag) ?? 0) > version || this.#quarantined.has(tag),
    );
  }
}
