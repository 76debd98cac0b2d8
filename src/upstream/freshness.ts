import type { IncomingHttpHeaders } from 'node:http';
import CachePolicy from 'http-cache-semantics';

/** The time for which an upstream allows its response to be cached. */
export interface Freshness {
  /** In seconds. */
  readonly maxAge: number;
  /** True if the response is for one user only. */
  readonly isPrivate: boolean;
}

/**
 * Reads the freshness of a response for a shared cache (RFC 9111 §4.2).
 * @returns undefined if the response has no caching headers
 */
export function freshnessOf(status: number, headers: IncomingHttpHeaders): Freshness | undefined {
  const { 'cache-control': control, expires, pragma } = headers;
  if (control === undefined && expires === undefined && pragma === undefined) return undefined;
  const sharedPolicy = createPolicy(status, headers, true);
  if (sharedPolicy.storable()) return { maxAge: remainingSeconds(sharedPolicy), isPrivate: false };
  const privatePolicy = createPolicy(status, headers, false);
  return {
    maxAge: privatePolicy.storable() ? remainingSeconds(privatePolicy) : 0,
    isPrivate: true,
  };
}

/** Not `timeToLive`, which includes the time in which a stale response may be served. */
const remainingSeconds = (policy: CachePolicy): number =>
  Math.max(0, policy.maxAge() - policy.age());

const createPolicy = (status: number, headers: IncomingHttpHeaders, shared: boolean) =>
  new CachePolicy(
    { method: 'GET', url: '/', headers: {} },
    { status, headers: headers as Record<string, string> },
    { shared, cacheHeuristic: 0 },
  );
