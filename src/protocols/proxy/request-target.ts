import { BffError } from '../../errors.ts';

/** The path and the query of a request. */
export interface RequestTarget {
  /** Decoded. */
  readonly segments: readonly string[];
  /** As the client has sent it, without the question mark. */
  readonly query: string;
}

/** Visible ASCII, with complete percent-encodings; no fragment (RFC 9112 §3.2.1). */
const QUERY = /^(?:[!"$&-~]|%[\da-f]{2})*$/i;
/** The characters of a segment (RFC 3986 §3.3) besides `;`, which some servers cut paths at. */
const SEGMENT = /^(?:[\w.~!$&'()*+,=:@-]|%[\da-f]{2})+$/i;
/** What no segment may contain once it is decoded: another server might decode or split it again. */
const AMBIGUOUS = /[\p{Cc}/\\;%]|^\.$|^\.\.|\.\.$/u;

/**
 * Parses the target of a request so strictly that no server behind this one can read another path in it:
 * no empty or dot segments, no encoded slashes or percent signs, no control characters, no parameters in
 * segments. What is forwarded is encoded anew.
 * @throws BffError BAD_REQUEST
 */
export function parseTarget(url: string): RequestTarget {
  const start = url.indexOf('?');
  const path = start < 0 ? url : url.slice(0, start);
  const query = start < 0 ? '' : url.slice(start + 1);
  if (!path.startsWith('/')) throw badTarget('The request line must contain a path, not a URL.');
  if (!QUERY.test(query)) throw badTarget('The query contains characters that must be encoded.');
  return { segments: path.slice(1).split('/').map(decodeSegment), query };
}

function decodeSegment(segment: string): string {
  if (SEGMENT.test(segment)) {
    try {
      const decoded = decodeURIComponent(segment);
      if (!AMBIGUOUS.test(decoded)) return decoded;
    } catch {
      // Not UTF-8.
    }
  }
  throw badTarget('The path contains a segment that is empty or ambiguous.');
}

/** @param query - encoded; an empty one is omitted */
export const formatTarget = (segments: readonly string[], query: string): string =>
  `/${segments.map(encodeURIComponent).join('/')}${query && `?${query}`}`;

const badTarget = (message: string) => new BffError('BAD_REQUEST', message);
