const MAX_TAGS = 100_000;

/** The tags of a response and the version at which its execution began. */
export interface TaggedVersion {
  readonly tags: readonly string[];
  readonly version: number;
}

/**
 * The version of each tag's last purge. Its size is bounded: dropping the version of a tag raises a floor,
 * below which every response is stale.
 */
export class Versions {
  /** The most recent purge is last. */
  readonly #byTag = new Map<string, number>();
  /** Kept between calls: a new iterator would skip all deleted entries again. */
  #oldest = this.#byTag.entries();
  readonly #maxTags: number;
  #current = 0;
  #floor = 0;

  constructor(maxTags = MAX_TAGS) {
    this.#maxTags = maxTags;
  }

  /** The highest version so far. */
  get current(): number {
    return this.#current;
  }

  /** Records a purge. */
  set(tags: readonly string[], version: number): void {
    this.advance(version);
    for (const tag of tags) {
      const known = this.#byTag.get(tag) ?? 0;
      this.#byTag.delete(tag);
      this.#byTag.set(tag, Math.max(known, version));
    }
    while (this.#byTag.size > this.#maxTags) this.#dropOldest();
  }

  #dropOldest(): void {
    const { value } = this.#oldest.next();
    if (!value) return;
    const [tag, version] = value;
    this.#byTag.delete(tag);
    // Older responses may have the dropped tag, so all of them become stale.
    this.#floor = Math.max(this.#floor, version);
  }

  /** Records a purge of everything. */
  setAll(version: number): void {
    this.advance(version);
    this.#floor = Math.max(this.#floor, version);
  }

  /** Records that all purges up to this version are known. */
  advance(version: number): void {
    this.#current = Math.max(this.#current, version);
  }

  isStale({ tags, version }: TaggedVersion): boolean {
    if (version < this.#floor) return true;
    if (version === this.#current) return false;
    return tags.some((tag) => (this.#byTag.get(tag) ?? 0) > version);
  }
}
