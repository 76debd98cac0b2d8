import type { IncomingMessage } from 'node:http';
import { BffError, unauthenticated } from '../errors.ts';

/**
 * Refuses requests with several Host headers, or a repeated credential. node:http keeps the
 * first of such headers or joins them; a proxy in front of this process may have read another one.
 * @throws BffError BAD_REQUEST for another number of Host headers than one (RFC 9112 §3.2);
 *   UNAUTHENTICATED for several Authorization or X-API-Key headers
 */
export function refuseRepeatedHeaders({ rawHeaders, httpVersion }: IncomingMessage): void {
  let hosts = 0;
  let authorizations = 0;
  let apiKeys = 0;
  for (let n = 0; n < rawHeaders.length; n += 2) {
    const name = rawHeaders[n] as string;
    // Only names of the right length are put into lower case.
    if (name.length === 4 && name.toLowerCase() === 'host') hosts++;
    else if (name.length === 13 && name.toLowerCase() === 'authorization') authorizations++;
    else if (name.length === 9 && name.toLowerCase() === 'x-api-key') apiKeys++;
  }
  if (hosts !== 1 && !(hosts === 0 && httpVersion === '1.0')) throw noHost();
  if (authorizations > 1) throw unauthenticated('Send one Authorization header.');
  if (apiKeys > 1) throw unauthenticated('Send one X-API-Key header.');
}

const noHost = () =>
  new BffError('BAD_REQUEST', 'A request must have one Host header.', {
    headers: { connection: 'close' },
  });
