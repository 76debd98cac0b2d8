import type { IncomingHttpHeaders } from 'node:http';
import { fromUpstream } from './header-rules.ts';
import type { CompiledRoute } from './routes.ts';

/** Responses that may be stored by the client itself, if it asks before each use. */
const MAY_BE_STORED = /(?:^|,)\s*(?:private|no-cache)\s*(?:,|$)/i;
const MUST_NOT_BE_STORED = /(?:^|,)\s*no-store\s*(?:,|$)/i;
/** About the bytes of a body, which a changed one no longer has. */
const ABOUT_BYTES = [
  'accept-ranges',
  'content-digest',
  'content-length',
  'content-md5',
  'content-range',
  'digest',
  'etag',
  'last-modified',
  'repr-digest',
];

/**
 * The headers of a forwarded response. Without `cache-control` among them, it gets `no-store`: it has the
 * data of one viewer, and no purge reaches it.
 * @param vary - that of the response so far
 */
export function responseHeaders(
  headers: IncomingHttpHeaders,
  { definition, path, target, changeResponse }: CompiledRoute,
  vary: unknown,
): Record<string, string | string[]> {
  const { 'content-length': length, location, 'cache-control': directives = '' } = headers;
  const built = fromUpstream(headers, definition.headers?.response);
  if (length !== undefined) built['content-length'] = length;
  const clientLocation = location && toClientPath(location, prefixOf(target), prefixOf(path));
  if (clientLocation) built.location = clientLocation;
  if (changeResponse) for (const name of ABOUT_BYTES) delete built[name];
  const varies = [vary, headers.vary, definition.version !== undefined && 'Accept-Version'];
  if (MAY_BE_STORED.test(directives) && !MUST_NOT_BE_STORED.test(directives)) {
    built['cache-control'] = 'private, no-cache';
    varies.push('Authorization, Cookie');
  }
  const names = varies.filter(Boolean).join(', ');
  return names ? { ...built, vary: names } : built;
}

const prefixOf = ({ literals }: CompiledRoute['path']): string => `/${literals.join('/')}`;

/** A path at the upstream, as clients reach it; undefined for any other address. */
const toClientPath = (location: string, from: string, to: string): string | undefined =>
  location.startsWith(from) && /^(?:$|[/?#])/.test(location.slice(from.length))
    ? to + location.slice(from.length)
    : undefined;
