import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import type { CacheEntry, ResponseHeaders } from './types.ts';

/** The metadata of an entry that an execution provides. */
type CacheEntryInfo = Pick<
  CacheEntry,
  'maxAge' | 'version' | 'stamp' | 'scope' | 'startedAt' | 'tags'
>;

/** The largest random part by which freshness is shortened, so that entries stored together expire apart. */
const JITTER = 0.1;
/** The start of a serialized entry. Change it with every change of the format. */
const FORMAT = 'frontdesk-entry-1';
/** The memory of an entry's objects besides its texts, measured with many small entries. */
const OVERHEAD_BYTES = 1_024;

/** @param text - the JSON text of the response */
export function createEntry(text: string, info: CacheEntryInfo): CacheEntry {
  const { maxAge, version, stamp, scope, startedAt, tags } = info;
  const storedAt = Date.now();
  const freshForMs = maxAge * 1_000 * (1 - JITTER * Math.random());
  const bytes = Buffer.from(text);
  return restore(bytes.toString('latin1'), {
    maxAge,
    version,
    stamp,
    scope,
    startedAt,
    tags,
    storedAt,
    freshUntil: storedAt + Math.round(freshForMs),
    etag: hash('sha256', bytes, 'base64url').slice(0, 22),
  });
}

const restore = (body: string, metadata: Omit<CacheEntry, 'body' | 'variants' | 'headers'>) => ({
  ...metadata,
  body,
  variants: new Map<string, string>(),
  headers: new Map<string | undefined, ResponseHeaders>(),
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

/**
 * Serializes an entry for text stores: a line with the format and a checksum of what follows, a line of
 * JSON with its metadata, and the text of its body.
 */
export function toText(entry: CacheEntry): string {
  const content = `${JSON.stringify(metadataOf(entry))}\n${bytesOf(entry).toString()}`;
  return `${firstLineOf(content)}${content}`;
}

/** @returns undefined for a text that is not a result of toText */
export function fromText(text: string): CacheEntry | undefined {
  const content = text.slice(text.indexOf('\n') + 1);
  if (!text.startsWith(firstLineOf(content))) return undefined;
  const end = content.indexOf('\n');
  const metadata = parseMetadata(content.slice(0, end));
  if (!metadata) return undefined;
  const [maxAge, version, scope, startedAt, tags, storedAt, freshUntil, etag, stamp] = metadata;
  return restore(Buffer.from(content.slice(end + 1)).toString('latin1'), {
    maxAge,
    version,
    scope,
    startedAt,
    tags,
    storedAt,
    freshUntil,
    etag,
    stamp: stamp ?? undefined,
  });
}

/** Without names, which would be a tenth of a short entry. */
const metadataOf = (entry: CacheEntry) => {
  const { maxAge, version, scope, startedAt, tags, storedAt, freshUntil, etag, stamp } = entry;
  return [maxAge, version, scope, startedAt, tags, storedAt, freshUntil, etag, stamp] as const;
};

const metadataSchema = z.tuple([
  z.number(),
  z.number(),
  z.enum(['public', 'role', 'user']),
  z.number(),
  z.array(z.string()),
  z.number(),
  z.number(),
  z.string(),
  z.object({ generation: z.string(), version: z.number() }).nullish(),
]);

function parseMetadata(json: string): z.infer<typeof metadataSchema> | undefined {
  try {
    return metadataSchema.parse(JSON.parse(json));
  } catch {
    return undefined;
  }
}

const firstLineOf = (content: string): string => `${FORMAT} ${crc32(content)}\n`;
