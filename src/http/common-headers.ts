import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type HeaderList, NO_STORE } from '../cache/index.ts';
import { serverTimingOf } from './observe-requests.ts';

/** Responses are data: browsers must not frame them, run them or guess their type. */
const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/** Sent over TLS only (RFC 6797 §7.2). */
const HSTS = { 'strict-transport-security': 'max-age=31536000; includeSubDomains' };

// Built once, because a stored response is sent without building anything.
const NO_STORE_LIST: HeaderList = Object.entries(NO_STORE).flat();
const OVER_HTTP: HeaderList = Object.entries(SECURITY_HEADERS).flat();
const OVER_TLS: HeaderList = Object.entries({ ...SECURITY_HEADERS, ...HSTS }).flat();

/**
 * The headers of every response: security headers and the request id.
 * @param isSecure - true if the client uses TLS, to this process or to a trusted proxy
 */
export const commonHeaders = (isSecure: boolean, requestId: string): HeaderList =>
  (isSecure ? OVER_TLS : OVER_HTTP).concat('x-request-id', requestId);

/** True if the client uses TLS, to this process or to a trusted proxy that reports it. */
export const isSecure = ({ protocol }: Pick<FastifyRequest, 'protocol'>): boolean =>
  protocol === 'https';

/** Adds the common headers, and `no-store`, to every response that does not set them itself. */
export function addCommonHeaders(app: FastifyInstance): void {
  app.addHook('onSend', (request, reply, payload, done) => {
    const timing = serverTimingOf(request);
    if (timing !== undefined) reply.header('server-timing', timing);
    const headers = NO_STORE_LIST.concat(commonHeaders(isSecure(request), request.id));
    const given = reply.getHeaders();
    for (let n = 0; n < headers.length; n += 2) {
      const name = headers[n] as string;
      if (given[name] === undefined) reply.header(name, headers[n + 1]);
    }
    done(null, payload);
  });
}
