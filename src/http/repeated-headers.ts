import type { IncomingMessage } from 'node:http';
import { BffError, unauthenticated } from '../errors.ts';
import { isHttp2 } from './http2-request.ts';

/**
 * Refuses requests with several Host headers, or a repeated credential. node:http keeps the
 * first of such headers or joins them; a proxy in front of this process may have read another one.
 * Over HTTP/2 the host is in :authority, and a Host header, if there is one, must be the same.
 * @throws BffError BAD_REQUEST for another number of hosts than one (RFC 9112 §3.2, RFC 9113 §8.3.1);
 *   UNAUTHENTICATED for several Authorization or X-API-Key headers
 */
export function refuseRepeatedHeaders(request: IncomingMessage): void {
  const { rawHeaders } = request;
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
  if (!hasOneHost(request, hosts)) throw noHost(request);
  if (authorizations > 1) throw unauthenticated('Send one Authorization header.');
  if (apiKeys > 1) throw unauthenticated('Send one X-API-Key header.');
}

/** @param hosts - the number of Host headers */
function hasOneHost(request: IncomingMessage, hosts: number): boolean {
  if (isHttp2(request)) {
    const { host, ':authority': authority } = request.headers;
    return hosts === 0 ? authority !== undefined : hosts === 1 && (authority ?? host) === host;
  }
  return hosts === 1 || (hosts === 0 && request.httpVersion === '1.0');
}

const noHost = (request: IncomingMessage) =>
  new BffError('BAD_REQUEST', 'A request must have one Host header.', {
    // HTTP/2 has no such header, and does not need it.
    headers: isHttp2(request) ? {} : { connection: 'close' },
  });
