import type { CacheEntry } from './entry.ts';
import type { CacheStatus } from './question.ts';
import type { StaleWindows } from './response-cache.ts';

const CACHE_NAME = 'frontdesk';
/** Some proxies take no more in one header line. */
const MAX_TAG_BYTES = 4_096;
// What was compared to find the answer; an answer for some readers only also depends on who they are.
const VARY = 'Accept, Accept-Encoding, Accept-Language';
const VARY_PRIVATE = `${VARY}, Authorization, Cookie, X-API-Key`;

/** What is kept nowhere. */
export const NO_STORE = { 'cache-control': 'no-store' } as const;

/** The Cache-Status of an answer that is not stored. */
export const cacheStatusHeader = (reason: ForwardReason): string => `${CACHE_NAME}; fwd=${reason}`;

/**
 * Why the cache did not answer (RFC 9211 §2.2). `bypass`: the operation is of a kind that is never
 * stored. `request`: the request's Cache-Control does not allow a stored answer.
 */
export type ForwardReason = 'bypass' | 'request' | 'uri-miss';

/** Names and values in turn: node:http takes them as they are. */
export type HeaderList = readonly string[];

/** How an answer leaves. */
interface ResponseVariant {
  readonly outcome: CacheStatus;
  /** Of an outcome other than a hit. */
  readonly reason: ForwardReason;
  /** The content coding of the bytes, which have an ETag of their own; undefined for none. */
  readonly coding: string | undefined;
  /** Whether it is the answer to a POST, of which caches elsewhere know nothing. */
  readonly isPosted: boolean;
}

/** The headers of an answer, and what conditional requests ask for. */
export interface ResponseHeaders {
  /** Undefined if it has none. */
  readonly etag: string | undefined;
  readonly headers: HeaderList;
  /** Whether shared caches may store the answer, and so send it to other clients. */
  readonly isPublic: boolean;
}

/**
 * The headers of an answer that others may get as well: how long caches may keep it (RFC 9111),
 * where it came from (RFC 9211), and by which tags a CDN may purge it. Browsers keep it, but ask each
 * time whether it is still good, because they can't be told of a purge; so what has expired may only
 * be served by CDNs (RFC 5861, in the header of RFC 9213).
 */
export function responseHeaders(
  entry: CacheEntry,
  { outcome, reason, coding, isPosted }: ResponseVariant,
  stale: StaleWindows,
): ResponseHeaders {
  const isStored = !isPosted && entry.maxAge > 0;
  const { etag, headers, isPublic } = isStored ? storing(entry, coding, stale) : UNSTORED;
  const vary = entry.scope === 'public' ? VARY : VARY_PRIVATE;
  if (outcome !== 'hit') {
    const status = cacheStatusHeader(reason) + STATUS_SUFFIX[outcome];
    const whole = ['cache-status', status, 'vary', vary, ...headers];
    return { etag, headers: whole, isPublic };
  }
  const now = Date.now();
  const ttl = Math.floor((entry.freshUntil - now) / 1_000);
  const age = Math.max(0, Math.floor((now - entry.storedAt) / 1_000));
  const status = `${CACHE_NAME}; hit; ttl=${ttl}`;
  const whole = ['cache-status', status, 'age', `${age}`, 'vary', vary, ...headers];
  return { etag, headers: whole, isPublic };
}

const UNSTORED: ResponseHeaders = {
  etag: undefined,
  headers: Object.entries(NO_STORE).flat(),
  isPublic: false,
};

function storing(
  entry: CacheEntry,
  coding: string | undefined,
  stale: StaleWindows,
): ResponseHeaders {
  const known = entry.headers.get(coding);
  if (known) return known;
  const etag = etagOf(entry, coding);
  const headers = ['etag', etag, ...cachingOf(entry, stale)];
  const made = { etag, headers, isPublic: entry.scope === 'public' };
  entry.headers.set(coding, made);
  return made;
}

function cachingOf(entry: CacheEntry, { whileRevalidate, ifError }: StaleWindows): HeaderList {
  if (entry.scope !== 'public') return ['cache-control', 'private, no-cache'];
  const tags = tagsWithin(entry.tags);
  const seconds = Math.round(entry.maxAge);
  const staleFor = `stale-while-revalidate=${whileRevalidate}, stale-if-error=${ifError}`;
  return Object.entries({
    'cache-control': `public, max-age=0, s-maxage=${seconds}`,
    'cdn-cache-control': `public, max-age=${seconds}, ${staleFor}`,
    'surrogate-key': tags.join(' '),
    'cache-tag': tags.join(','),
  }).flat();
}

const STATUS_SUFFIX: Readonly<Record<Exclude<CacheStatus, 'hit'>, string>> = {
  collapsed: '; collapsed',
  stored: '; stored',
  miss: '',
};

const etagOf = ({ etag }: CacheEntry, coding: string | undefined): string =>
  coding ? `"${etag}-${coding}"` : `"${etag}"`;

/** Where the tags of all objects are too long, those of their types stand for them. */
function tagsWithin(tags: readonly string[]): readonly string[] {
  const bytes = tags.reduce((sum, tag) => sum + tag.length + 1, 0);
  return bytes <= MAX_TAG_BYTES ? tags : tags.filter((tag) => !tag.includes(':'));
}

/**
 * Whether the client has the bytes already (RFC 9110 §13.1.2; the comparison is weak).
 * @param etag - of the answer that there is; undefined if it has none
 * @param ifNoneMatch - the header's value
 */
export function matchesEtag(etag: string | undefined, ifNoneMatch: string | undefined): boolean {
  if (etag === undefined || ifNoneMatch === undefined) return false;
  if (ifNoneMatch === etag || ifNoneMatch.trim() === '*') return true;
  return ifNoneMatch.split(',').some((part) => part.trim().replace(/^W\//, '') === etag);
}

const NO_STORE_DIRECTIVE = /(?:^|,)\s*no-store\s*(?:,|$)/i;
/** `max-age=0` demands the same. */
const NO_CACHE_DIRECTIVE = /(?:^|,)\s*(?:no-cache|max-age="?0+"?)\s*(?:,|$)/i;

/**
 * Reads the directives of a request that rule out stored answers (RFC 9111 §5.2.1.1, §5.2.1.4 and
 * §5.2.1.5). All others are ignored.
 * @param cacheControl - the request header's value
 */
export function requestDirectiveOf(
  cacheControl: string | undefined,
): 'no-cache' | 'no-store' | undefined {
  if (cacheControl === undefined) return undefined;
  if (NO_STORE_DIRECTIVE.test(cacheControl)) return 'no-store';
  return NO_CACHE_DIRECTIVE.test(cacheControl) ? 'no-cache' : undefined;
}
