import type { Json } from '../support/environment.ts';

/** A GET of a query through an edge. */
export async function getFrom(
  edge: { readonly url: string },
  query: string,
  headers: Record<string, string> = {},
) {
  const response = await fetch(`${edge.url}/graphql?query=${encodeURIComponent(query)}`, {
    headers,
  });
  const text = await response.text();
  const cacheStatus = response.headers.get('cache-status') ?? '';
  return {
    status: response.status,
    headers: response.headers,
    /** Each cache adds its part; the edge's is the last one. */
    cacheStatus,
    isHit: /, (varnish|nginx); hit/.test(cacheStatus),
    data: (text ? JSON.parse(text).data : undefined) as Json,
    text,
  };
}
