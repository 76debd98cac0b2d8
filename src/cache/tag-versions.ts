import { type TaggedVersion, Versions } from './versions.ts';

/**
 * Invalidates by tag without an index of entries. Every purge increments the version; a response is
 * stale if one of its tags was purged at a higher version than the one at which its execution began.
 * So the result of an execution that began before a purge is never served after it, and no list of
 * the stored entries is needed.
 */
export class TagVersions {
  readonly #versions: Versions;
  readonly #quarantined = new Map<string, number>();
  readonly #beforePurge: () => void;

  /**
   * @param beforePurge - called before each purge; executions that begin after it must not use data
   *   that was read before it
   * @param maxVersions - the number of purged tags that are tracked individually
   */
  constructor(beforePurge: () => void = () => {}, maxVersions?: number) {
    this.#beforePurge = beforePurge;
    this.#versions = new Versions(maxVersions);
  }

  /** The version of the last purge. */
  get current(): number {
    return this.#versions.current;
  }

  /** Makes every response with one of the tags stale. */
  purge(tags: readonly string[]): void {
    if (tags.length === 0) return;
    this.#beforePurge();
    this.#versions.set(tags, this.current + 1);
  }

  /** Makes every response stale. */
  purgeAll(): void {
    this.#beforePurge();
    this.#versions.setAll(this.current + 1);
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

  isStale(entry: TaggedVersion): boolean {
    if (this.#quarantined.size > 0 && entry.tags.some((tag) => this.#quarantined.has(tag)))
      return true;
    return this.#versions.isStale(entry);
  }
}
