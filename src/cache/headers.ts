import type { CacheScope } from './policy.ts';
import { EVERYTHING } from './tag-queue.ts';
import type {
  CacheEntry,
  CacheStatus,
  HeaderList,
  ResponseHeaders,
  SharedCaches,
} from './types.ts';

const CACHE_NAME = 'frontdesk';
/** Limit of some proxies for one header line. */
const MAX_TAG_BYTES = 4_096;
/** The lifetime of a response in shared caches that cannot be purged of it, in seconds. */
const MAX_UNPURGED_AGE = 10;
// The request headers that select a response. A response that is not public also depends on the
// headers that identify the viewer.
const VARY = 'Accept, Accept-Encoding, Accept-Language';
const VARY_PRIVATE = `${VARY}, Authorization, Cookie, X-API-Key`;

/** The headers of a response that no cache may store. */
export const NO_STORE = { 'cache-control': 'no-store' } as const;

/** The Cache-Status of a response that is not stored. */
export const cacheStatusHeader = (reason: ForwardReason): string => `${CACHE_NAME}; fwd=${reason}`;

/** The Cache-Status of a response that was made of a stored one. */
export const DERIVED_HIT = `${CACHE_NAME}; hit`;

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
 * reach them; only CDNs may serve it after it expires (RFC 5861, in the header of RFC 9213). A CDN that
 * can't be purged of it gets a short lifetime, which begins anew with every response of this cache.
 */
export function responseHeaders(
  entry: CacheEntry,
  { cacheStatus, reason, coding, isPosted }: ResponseVariant,
  shared: SharedCaches,
): ResponseHeaders {
  const isStored = !isPosted && entry.maxAge > 0;
  const { etag, headers, isPublic, hasAge } = isStored
    ? storableHeaders(entry, coding, shared)
    : NOT_STORABLE[entry.scope];
  const allHeaders = headers.slice();
  if (cacheStatus !== 'hit') {
    allHeaders.push('cache-status', cacheStatusHeader(reason) + STATUS_SUFFIX[cacheStatus]);
    return { etag, headers: allHeaders, isPublic, hasAge };
  }
  const now = Date.now();
  const ttl = Math.floor((entry.freshUntil - now) / 1_000);
  allHeaders.push('cache-status', `${CACHE_NAME}; hit; ttl=${ttl}`);
  if (hasAge) {
    const age = Math.max(0, Math.floor((now - entry.storedAt) / 1_000));
    allHeaders.push('age', `${age}`);
  }
  return { etag, headers: allHeaders, isPublic, hasAge };
}

const varyOf = (scope: CacheScope): string => (scope === 'public' ? VARY : VARY_PRIVATE);

const notStorable = (scope: CacheScope): ResponseHeaders => ({
  etag: undefined,
  headers: ['vary', varyOf(scope), ...Object.entries(NO_STORE).flat()],
  isPublic: false,
  hasAge: true,
});

const NOT_STORABLE: Readonly<Record<CacheScope, ResponseHeaders>> = {
  public: notStorable('public'),
  role: notStorable('role'),
  user: notStorable('user'),
};

/** Builds the headers that do not change with time, once for each content coding of an entry. */
function storableHeaders(
  entry: CacheEntry,
  coding: string | undefined,
  shared: SharedCaches,
): ResponseHeaders {
  const mayLackPurges = shared.arePurged && !shared.hasAllPurges();
  const known = mayLackPurges ? undefined : entry.headers.get(coding);
  if (known) return known;
  const etag = etagOf(entry, coding);
  const isPublic = entry.scope === 'public';
  const isPurged = shared.arePurged && !mayLackPurges && tagBytes(entry.tags) <= MAX_TAG_BYTES;
  const cacheHeaders = isPublic
    ? publicCacheHeaders(entry, shared, isPurged)
    : ['cache-control', 'private, no-cache'];
  const headers = ['vary', varyOf(entry.scope), 'etag', etag, ...cacheHeaders];
  const built = { etag, headers, isPublic, hasAge: !isPublic || isPurged };
  if (!mayLackPurges) entry.headers.set(coding, built);
  return built;
}

/** @param isPurged - true if shared caches are purged of the response by each of its tags */
function publicCacheHeaders(
  { maxAge, tags }: CacheEntry,
  { whileRevalidate, ifError }: SharedCaches,
  isPurged: boolean,
): HeaderList {
  const seconds = Math.round(isPurged ? maxAge : Math.min(maxAge, MAX_UNPURGED_AGE));
  const windows = [`stale-if-error=${ifError}`];
  if (isPurged) windows.unshift(`stale-while-revalidate=${whileRevalidate}`);
  const names = [EVERYTHING, ...limitTags(tags)];
  return Object.entries({
    'cache-control': `public, max-age=0, s-maxage=${seconds}`,
    'cdn-cache-control': [`public, max-age=${seconds}`, ...windows].join(', '),
    'surrogate-key': names.join(' '),
    'cache-tag': names.join(','),
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
const limitTags = (tags: readonly string[]): readonly string[] =>
  tagBytes(tags) <= MAX_TAG_BYTES ? tags : tags.filter((tag) => !tag.includes(':'));

/** The length of the header that names the tags. */
const tagBytes = (tags: readonly string[]): number =>
  tags.reduce((sum, tag) => sum + tag.length + 1, EVERYTHING.length);

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
