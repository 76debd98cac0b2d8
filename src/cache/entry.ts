import { hash } from 'node:crypto';
import type { ResponseHeaders } from './headers.ts';
import type { CacheScope } from './policy.ts';
import type { TaggedVersion } from './tag-versions.ts';

/** One answer as it is kept: its bytes, and all that decides who may get them and how long. */
export interface CacheEntry extends TaggedVersion {
  /**
   * The JSON text's UTF-8, a character for each byte ("latin1"): as such a string it leaves with its
   * headers in one write, and nothing is encoded again.
   */
  readonly body: string;
  /** Names the bytes, without quotes. */
  readonly etag: string;
  readonly scope: CacheScope;
  /** How long it is fresh, in seconds, as it is said to others. */
  readonly maxAge: number;
  /** When its execution began, in milliseconds since the epoch, with fractions. */
  readonly startedAt: number;
  /** Milliseconds since the epoch, as the next. */
  readonly storedAt: number;
  /** When it is fresh no more; a little before maxAge has passed, and not for all at once. */
  readonly freshUntil: number;
  /** The compressed forms that were asked for so far, by content coding; each as the body is. */
  readonly variants: Map<string, string>;
  /** The headers that do not change with time, as far as they were made, by content coding. */
  readonly headers: Map<string | undefined, ResponseHeaders>;
}

/** Everything about an entry that its body does not say. */
type CacheEntryInfo = Pick<CacheEntry, 'maxAge' | 'version' | 'scope' | 'startedAt' | 'tags'>;

/** Entries that were stored together do not expire together: this much earlier at the most. */
const JITTER = 0.1;
/** The objects around them; measured with many small ones. */
const OVERHEAD_BYTES = 1_024;

export function createEntry(text: string, described: CacheEntryInfo): CacheEntry {
  const { maxAge, version, scope, startedAt, tags } = described;
  const storedAt = Date.now();
  const freshForMs = maxAge * 1_000 * (1 - JITTER * Math.random());
  return restore(Buffer.from(text).toString('latin1'), {
    maxAge,
    version,
    scope,
    startedAt,
    tags,
    storedAt,
    freshUntil: storedAt + freshForMs,
  });
}

type SerializedHeader = CacheEntryInfo & Pick<CacheEntry, 'freshUntil' | 'storedAt'>;

const restore = (body: string, header: SerializedHeader): CacheEntry => ({
  ...header,
  body,
  etag: hash('sha256', bytesOf({ body }), 'base64url').slice(0, 22),
  variants: new Map(),
  headers: new Map(),
});

/** The body as bytes. */
export const bytesOf = ({ body }: Pick<CacheEntry, 'body'>): Buffer => Buffer.from(body, 'latin1');

/** What the entry takes in memory, about, in bytes. */
export const sizeOf = ({ body, tags, variants }: CacheEntry): number =>
  OVERHEAD_BYTES +
  body.length +
  // The tags stand in two headers as well.
  tags.reduce((sum, tag) => sum + 3 * tag.length + 16, 0) +
  [...variants.values()].reduce((sum, variant) => sum + variant.length, 0);

/** An entry as one text, for stores that keep texts: a line of JSON about it, then its body. */
export function toText(entry: CacheEntry): string {
  const { body, maxAge, version, scope, startedAt, tags, storedAt, freshUntil } = entry;
  const header: SerializedHeader = {
    maxAge,
    version,
    scope,
    startedAt,
    tags,
    storedAt,
    freshUntil,
  };
  return `${JSON.stringify(header)}\n${body}`;
}

/** @param text - what toText made */
export function fromText(text: string): CacheEntry {
  const end = text.indexOf('\n');
  return restore(text.slice(end + 1), JSON.parse(text.slice(0, end)) as SerializedHeader);
}
