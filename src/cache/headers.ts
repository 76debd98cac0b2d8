import type {
  CacheEntry,
  CacheStatus,
  HeaderList,
  ResponseHeaders,
  StaleWindows,
} from './types.ts';

const CACHE_NAME = 'frontdesk';
/** Limit of some proxies for one header line. */
const MAX_TAG_BYTES = 4_096;
// The request headers that select a response. A response that is not public also depends on the
// headers that identify the viewer.
const VARY = 'Accept, Accept-Encoding, Accept-Language';
const VARY_PRIVATE = `${VARY}, Authorization, Cookie, X-API-Key`;

/** The headers of a response that no cache may store. */
export const NO_STORE = { 'cache-control': 'no-store' } as const;

/** The Cache-Status of a response that is not stored. */
export const cacheStatusHeader = (reason: ForwardReason): string => `${CACHE_NAME}; fwd=${reason}`;

/**
 * The reason for not answering from the cache (RFC 9211 §2.2). `bypass`: the operation is of a kind
 * that is never stored. `request`: the request's Cache-Control does not allow a stored response.
 */
export type ForwardReason = 'bypass' | 'request' | 'uri-miss';

/** The form in which a response is sent. */
interface ResponseVariant {
  readonly cacheStatus: CacheStatus;
  /** Used for every status except a hit. */
  readonly reason: ForwardReason;
  /** The content coding of the body, which gets its own ETag; undefined if it is not compressed. */
  readonly coding: string | undefined;
  /** True for the response to a POST, which other caches do not store. */
  readonly isPosted: boolean;
}

/**
 * The headers of a shareable response: its freshness (RFC 9111), its origin (RFC 9211), and the tags
 * by which a CDN purges it. Browsers store it but revalidate it on every use, because a purge can't
 * reach them; only CDNs may serve it after it expires (RFC 5861, in the header of RFC 9213).
 */
export function responseHeaders(
  entry: CacheEntry,
  { cacheStatus, reason, coding, isPosted }: ResponseVariant,
  stale: StaleWindows,
): ResponseHeaders {
  const isStored = !isPosted && entry.maxAge > 0;
  const { etag, headers, isPublic } = isStored
    ? storableHeaders(entry, coding, stale)
    : NOT_STORABLE;
  const vary = entry.scope === 'public' ? VARY : VARY_PRIVATE;
  if (cacheStatus !== 'hit') {
    const status = cacheStatusHeader(reason) + STATUS_SUFFIX[cacheStatus];
    const allHeaders = ['cache-status', status, 'vary', vary, ...headers];
    return { etag, headers: allHeaders, isPublic };
  }
  const now = Date.now();
  const ttl = Math.floor((entry.freshUntil - now) / 1_000);
  const age = Math.max(0, Math.floor((now - entry.storedAt) / 1_000));
  const status = `${CACHE_NAME}; hit; ttl=${ttl}`;
  const allHeaders = ['cache-status', status, 'age', `${age}`, 'vary', vary, ...headers];
  return { etag, headers: allHeaders, isPublic };
}

const NOT_STORABLE: ResponseHeaders = {
  etag: undefined,
  headers: Object.entries(NO_STORE).flat(),
  isPublic: false,
};

/** Builds the headers that do not change with time, once for each content coding of an entry. */
function storableHeaders(
  entry: CacheEntry,
  coding: string | undefined,
  stale: StaleWindows,
): ResponseHeaders {
  const known = entry.headers.get(coding);
  if (known) return known;
  const etag = etagOf(entry, coding);
  const headers = ['etag', etag, ...cacheHeaders(entry, stale)];
  const built = { etag, headers, isPublic: entry.scope === 'public' };
  entry.headers.set(coding, built);
  return built;
}

function cacheHeaders(entry: CacheEntry, { whileRevalidate, ifError }: StaleWindows): HeaderList {
  if (entry.scope !== 'public') return ['cache-control', 'private, no-cache'];
  const tags = limitTags(entry.tags);
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

/** Replaces the tags of objects by those of their types if the header would be too long. */
function limitTags(tags: readonly string[]): readonly string[] {
  const bytes = tags.reduce((sum, tag) => sum + tag.length + 1, 0);
  return bytes <= MAX_TAG_BYTES ? tags : tags.filter((tag) => !tag.includes(':'));
}

/**
 * Compares a response with the client's copy (RFC 9110 §13.1.2, weak comparison).
 * @param etag - of the current response; undefined if it has none
 * @param ifNoneMatch - the request header's value
 */
export function matchesEtag(etag: string | undefined, ifNoneMatch: string | undefined): boolean {
  if (etag === undefined || ifNoneMatch === undefined) return false;
  if (ifNoneMatch === etag || ifNoneMatch.trim() === '*') return true;
  return ifNoneMatch.split(',').some((part) => part.trim().replace(/^W\//, '') === etag);
}

/** A directive of a request that excludes stored responses. */
export type RequestDirective = 'no-cache' | 'no-store';

const NO_STORE_DIRECTIVE = /(?:^|,)\s*no-store\s*(?:,|$)/i;
/** `max-age=0` has the same effect. */
const NO_CACHE_DIRECTIVE = /(?:^|,)\s*(?:no-cache|max-age="?0+"?)\s*(?:,|$)/i;

/**
 * Reads the directives of a request that exclude stored responses (RFC 9111 §5.2.1.1, §5.2.1.4 and
 * §5.2.1.5). All others are ignored.
 * @param cacheControl - the request header's value
 */
export function requestDirectiveOf(cacheControl: string | undefined): RequestDirective | undefined {
  if (cacheControl === undefined) return undefined;
  if (NO_STORE_DIRECTIVE.test(cacheControl)) return 'no-store';
  return NO_CACHE_DIRECTIVE.test(cacheControl) ? 'no-cache' : undefined;
}
