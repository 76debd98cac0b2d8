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
  if (forAll.storable()) return { maxAge: leftOf(forAll), isPrivate: false };
  const forOne = read(status, headers, false);
  return { maxAge: forOne.storable() ? leftOf(forOne) : 0, isPrivate: true };
}

/** Not timeToLive, which counts the time in which it may be served though it has expired. */
const leftOf = (policy: CachePolicy): number => Math.max(0, policy.maxAge() - policy.age());

const read = (status: number, headers: IncomingHttpHeaders, shared: boolean) =>
  new CachePolicy(
    { method: 'GET', url: '/', headers: {} },
    { status, headers: headers as Record<string, string> },
    { shared, cacheHeuristic: 0 },
  );
