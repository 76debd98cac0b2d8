import { hash } from 'node:crypto';
import type { CacheEntry } from './types.ts';

/** The metadata of an entry that an execution provides. */
type CacheEntryInfo = Pick<CacheEntry, 'maxAge' | 'version' | 'scope' | 'startedAt' | 'tags'>;

/** The largest random part by which freshness is shortened, so that entries stored together expire apart. */
const JITTER = 0.1;
/** The memory of an entry's objects besides its texts, measured with many small entries. */
const OVERHEAD_BYTES = 1_024;

/** @param text - the JSON text of the response */
export function createEntry(text: string, info: CacheEntryInfo): CacheEntry {
  const { maxAge, version, scope, startedAt, tags } = info;
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

/** The memory that the entry takes, approximately, in bytes. */
export const sizeOf = ({ body, tags, variants }: CacheEntry): number =>
  OVERHEAD_BYTES +
  body.length +
  // The tags are repeated in two headers.
  tags.reduce((sum, tag) => sum + 3 * tag.length + 16, 0) +
  [...variants.values()].reduce((sum, variant) => sum + variant.length, 0);

/** Serializes an entry for text stores: a line of JSON with its metadata, then its body. */
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

/** @param text - a result of toText */
export function fromText(text: string): CacheEntry {
  const end = text.indexOf('\n');
  return restore(text.slice(end + 1), JSON.parse(text.slice(0, end)) as SerializedHeader);
}
