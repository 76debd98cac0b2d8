/** A tag of every public response, by which edges are purged of everything. */
export const EVERYTHING = 'frontdesk';

/**
 * Limit of waiting tags. Beyond it, they are replaced by their types, or by EVERYTHING if there are more than
 * half as many of these.
 */
const MAX_TAGS = 4_096;
/** Fastly's limit of keys in one request. */
const MAX_BATCH_TAGS = 256;
/** Well below the 8 KiB that proxies accept for a header with its name. */
const MAX_BATCH_BYTES = 4_096;

/** The tags that wait to be purged, each once, in bounded memory. */
export class TagQueue {
  #tags = new Set<string>();

  get size(): number {
    return this.#tags.size;
  }

  add(tags: Iterable<string>): void {
    for (const tag of tags) this.#tags.add(tag);
    if (this.#tags.size <= MAX_TAGS) return;
    // Every response with the tag of an object or list has that of its type.
    const types = new Set([...this.#tags].map((tag) => tag.split(':', 1)[0] as string));
    this.#tags = types.size <= MAX_TAGS / 2 ? types : new Set([EVERYTHING]);
  }

  /** Removes and returns the oldest tags, as many as fit into one request. */
  take(): readonly string[] {
    const batch: string[] = [];
    let bytes = 0;
    for (const tag of this.#tags) {
      bytes += tag.length + 1;
      if (batch.length === MAX_BATCH_TAGS || (bytes > MAX_BATCH_BYTES && batch.length > 0)) break;
      batch.push(tag);
      this.#tags.delete(tag);
    }
    return batch;
  }

  /** Removes and returns all tags. */
  takeAll(): Iterable<string> {
    const all = this.#tags;
    this.#tags = new Set();
    return all;
  }
}
