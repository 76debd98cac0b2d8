import type { IncomingHttpHeaders } from 'node:http';
import { BffError } from '../errors.ts';

/**
 * Headers that a page of another site can't send without asking first (CORS); the first two are
 * what Apollo's clients send or are told to.
 */
const PROOFS = ['apollo-require-preflight', 'x-apollo-operation-name', 'x-csrf-protection'];

/**
 * Refuses what a page of another site may have had the browser send (CSRF): a request without one of
 * the headers above, or one that the browser itself says is from elsewhere. For requests that browsers
 * put a credential of ours into without being asked, which are those with a cookie.
 * @param corsOrigins - the other origins whose pages may ask
 * @throws BffError FORBIDDEN
 * @see https://www.w3.org/TR/fetch-metadata/
 */
export function refuseForgery(headers: IncomingHttpHeaders, corsOrigins: readonly string[]): void {
  if (!PROOFS.some((name) => headers[name])) {
    throw new BffError(
      'FORBIDDEN',
      'A request with a session needs the header X-CSRF-Protection, with any value.',
    );
  }
  const { 'sec-fetch-site': site, origin = '' } = headers;
  const isOurs = site === undefined || site === 'same-origin' || site === 'none';
  if (!isOurs && !corsOrigins.includes(origin)) {
    throw new BffError('FORBIDDEN', 'Pages of this origin may not use the session.');
  }
}
