import type { IncomingHttpHeaders } from 'node:http';
import { BffError } from '../errors.ts';

/**
 * Headers that a page of another origin can send only after a CORS preflight. Apollo's clients send
 * one of the first two.
 */
const CSRF_HEADERS = ['apollo-require-preflight', 'x-apollo-operation-name', 'x-csrf-protection'];

/**
 * Rejects requests that a page of another site may have caused (CSRF): those without one of the
 * headers above, and those that the browser marks as coming from another origin. Needed for requests
 * authenticated by a cookie, which browsers attach automatically.
 * @param corsOrigins - other origins whose pages may use the session
 * @throws BffError FORBIDDEN
 * @see https://www.w3.org/TR/fetch-metadata/
 */
export function preventCsrf(headers: IncomingHttpHeaders, corsOrigins: readonly string[]): void {
  if (!CSRF_HEADERS.some((name) => headers[name])) {
    throw new BffError(
      'FORBIDDEN',
      'Requests with a session need the header X-CSRF-Protection with any value.',
    );
  }
  const { 'sec-fetch-site': site, origin = '' } = headers;
  const isSameOrigin = site === undefined || site === 'same-origin' || site === 'none';
  if (!isSameOrigin && !corsOrigins.includes(origin)) {
    throw new BffError('FORBIDDEN', 'Pages of this origin may not use the session.');
  }
}

/**
 * Rejects streams with a session that a page of another origin may have opened. A page can't add headers to
 * an EventSource or a WebSocket, so the browser's own ones must say that the page is ours.
 * @param origins - those whose pages may use the session: ours, and the others
 * @throws BffError FORBIDDEN
 */
export function preventForeignStreams(
  { origin, 'sec-fetch-site': site }: IncomingHttpHeaders,
  origins: readonly string[],
): void {
  const isAllowed = origin === undefined ? site === 'same-origin' : origins.includes(origin);
  if (!isAllowed) {
    throw new BffError('FORBIDDEN', 'Only pages of this origin may use the session.');
  }
}
