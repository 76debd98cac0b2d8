import { crc32 } from 'node:zlib';
import { Keyv } from 'keyv';

/**
 * A bounded store of texts as bytes outside of V8's heap, where their number and size make no garbage
 * collection longer.
 *
 * The memory is a ring of segments: buffers of the same size, each allocated when the one before it is
 * full. A text is appended to the newest segment as a record, and the index has the position of the last
 * record of each key. Nothing is changed in place: a record that the index does not point to is dead,
 * whether its key was deleted or has a newer record.
 *
 * When all segments are full, the oldest one becomes the newest. Its records leave the index, except
 * those that were read since they were written there: these move to the start of the segment and have to
 * be read again to stay another time. Texts in use stay in the store, much as in an LRU cache, without an
 * ordered list.
 *
 * The index is a map of small integers, from a checksum of the key to a position, which V8 keeps in one
 * array. A record has its key, so a key with the same checksum as another is a miss; of two such keys
 * only the newer one is found.
 *
 * A record is a header of fixed size, the key, and the text, both in UTF-8.
 */

/** The form in which keyv passes values to a store and expects them back. */
interface StoredText {
  readonly value: string;
  /** Milliseconds since the epoch; undefined if the text does not expire. */
  readonly expires?: number | undefined;
}

interface Segment {
  readonly bytes: Buffer;
  /** The end of the last record. */
  end: number;
  /** The bytes that more records and their share of the index may take. */
  free: number;
}

/** Limit of a segment, and so of a text. Reusing a segment of this size takes about a millisecond. */
const MAX_SEGMENT_BYTES = 1_048_576;
const MIN_SEGMENTS = 16;
/** The minimum share of a reused segment that is freed, even if all of its records were read. */
const MIN_FREED = 0.5;
/** The memory of a position in the index: 39 bytes were measured, and it doubles when it grows. */
const INDEX_BYTES = 48;

// The header of a record: the offsets of its values, and the length of all.
const CHECKSUM = 0;
const TEXT_BYTES = 4;
const EXPIRES = 8;
const KEY_BYTES = 16;
const WAS_READ = 18;
const HEADER_BYTES = 20;

export class PackedStore {
  readonly #segmentBytes: number;
  readonly #maxSegments: number;
  readonly #segments: Segment[] = [];
  /** Positions by checksum of the key: the segment's number times the size of a segment, and the offset in it. */
  readonly #index = new Map<number, number>();
  #newest = -1;

  /** @param maxBytes - of the segments and the index together, approximately */
  constructor(maxBytes: number) {
    this.#segmentBytes = Math.min(MAX_SEGMENT_BYTES, Math.floor(maxBytes / MIN_SEGMENTS));
    this.#maxSegments = Math.floor(maxBytes / this.#segmentBytes);
  }

  /** @param key - at most 65,535 bytes */
  get(key: string): StoredText | undefined {
    const position = this.#index.get(checksumOf(key));
    if (position === undefined) return undefined;
    const { bytes } = this.#segments[Math.floor(position / this.#segmentBytes)] as Segment;
    const record = position % this.#segmentBytes;
    const keyStart = record + HEADER_BYTES;
    const start = keyStart + bytes.readUInt16LE(record + KEY_BYTES);
    if (bytes.toString('utf8', keyStart, start) !== key) return undefined;
    bytes[record + WAS_READ] = 1;
    const value = bytes.toString('utf8', start, start + bytes.readUInt32LE(record + TEXT_BYTES));
    return { value, expires: bytes.readDoubleLE(record + EXPIRES) };
  }

  /** Stores a text. One that is larger than a segment is dropped, like what was stored with its key. */
  set(key: string, { value, expires = Number.POSITIVE_INFINITY }: StoredText): void {
    const checksum = checksumOf(key);
    this.#index.delete(checksum);
    const keyBytes = Buffer.byteLength(key);
    const textBytes = Buffer.byteLength(value);
    const size = HEADER_BYTES + keyBytes + textBytes;
    if (size + INDEX_BYTES > this.#segmentBytes) return;
    const segment = this.#segmentWithRoomFor(size + INDEX_BYTES);
    const { bytes, end } = segment;
    bytes.writeInt32LE(checksum, end + CHECKSUM);
    bytes.writeUInt32LE(textBytes, end + TEXT_BYTES);
    bytes.writeDoubleLE(expires, end + EXPIRES);
    bytes.writeUInt16LE(keyBytes, end + KEY_BYTES);
    bytes[end + WAS_READ] = 0;
    bytes.write(key, end + HEADER_BYTES);
    bytes.write(value, end + HEADER_BYTES + keyBytes);
    this.#append(segment, checksum, size);
  }

  delete(key: string): boolean {
    return this.#index.delete(checksumOf(key));
  }

  clear(): void {
    this.#index.clear();
    this.#segments.length = 0;
    this.#newest = -1;
  }

  /** The bytes of all records and the index, and the number of texts. */
  usage() {
    const bytes = this.#segments.reduce((sum, { free }) => sum + this.#segmentBytes - free, 0);
    return { bytes, entries: this.#index.size };
  }

  #segmentWithRoomFor(size: number): Segment {
    const newest = this.#segments[this.#newest];
    if (newest && newest.free >= size) return newest;
    this.#newest = (this.#newest + 1) % this.#maxSegments;
    const oldest = this.#segments[this.#newest];
    if (oldest) {
      this.#reuse(oldest, size);
      return oldest;
    }
    const bytes = Buffer.allocUnsafeSlow(this.#segmentBytes);
    const segment = { bytes, end: 0, free: this.#segmentBytes };
    this.#segments.push(segment);
    return segment;
  }

  /** Empties the newest segment, except for records that were read, and leaves at least `size` bytes free. */
  #reuse(segment: Segment, size: number): void {
    const { bytes, end: oldEnd } = segment;
    const base = this.#newest * this.#segmentBytes;
    const minFree = Math.max(size, this.#segmentBytes * MIN_FREED);
    const now = Date.now();
    segment.end = 0;
    segment.free = this.#segmentBytes;
    for (let from = 0, next = 0; from < oldEnd; from = next) {
      const sizes = bytes.readUInt16LE(from + KEY_BYTES) + bytes.readUInt32LE(from + TEXT_BYTES);
      next = from + HEADER_BYTES + sizes;
      const checksum = bytes.readInt32LE(from + CHECKSUM);
      if (this.#index.get(checksum) !== base + from) continue;
      const isUsed = bytes[from + WAS_READ] === 1 && bytes.readDoubleLE(from + EXPIRES) > now;
      if (isUsed && segment.free - (next - from) - INDEX_BYTES >= minFree) {
        bytes.copyWithin(segment.end, from, next);
        bytes[segment.end + WAS_READ] = 0;
        this.#append(segment, checksum, next - from);
      } else {
        this.#index.delete(checksum);
      }
    }
  }

  /** Lets the index point to the record that was written to the end of the newest segment. */
  #append(segment: Segment, checksum: number, size: number): void {
    this.#index.set(checksum, this.#newest * this.#segmentBytes + segment.end);
    segment.end += size;
    // The index's share counts too, so that many short texts do not exceed the bound.
    segment.free -= size + INDEX_BYTES;
  }
}

/** A small integer of V8, which has a sign. */
const checksumOf = (key: string): number => crc32(key) | 0;

/** A keyv store in the memory of this process; it passes values on as they are, not as JSON. */
export const createPackedTier = (store: PackedStore): Keyv<string> =>
  // The type of the options does not allow undefined, which turns JSON off.
  Object.assign(new Keyv<string>({ store, useKeyPrefix: false, throwOnErrors: true }), {
    serialize: undefined,
  });
