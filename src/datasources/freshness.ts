import type { IncomingHttpHeaders } from 'node:http';
import CachePolicy from 'http-cache-semantics';

/** How long an upstream lets its answer be kept. */
export interface Freshness {
  /** In seconds. */
  readonly maxAge: number;
  /** Whether it is for one user only. */
  readonly isPrivate: boolean;
}

/**
 * Reads what an answer says of caching, as RFC 9111 §4.2 has it for a shared cache.
 * @returns undefined if it says nothing
 */
export function freshnessOf(status: number, headers: IncomingHttpHeaders): Freshness | undefined {
  const { 'cache-control': control, expires, pragma } = headers;
  if (control === undefined && expires === undefined && pragma === undefined) return undefined;
  const forAll = read(status, headers, true);
  if (forAll.storable()) return { maxAge: forAll.timeToLive() / 1_000, isPrivate: false };
  const forOne = read(status, headers, false);
  return { maxAge: forOne.storable() ? forOne.timeToLive() / 1_000 : 0, isPrivate: true };
}

const read = (status: number, headers: IncomingHttpHeaders, shared: boolean) =>
  new CachePolicy(
    { method: 'GET', url: '/', headers: {} },
    { status, headers: headers as Record<string, string> },
    { shared, cacheHeuristic: 0 },
  );
