import type { FastifyRequest } from 'fastify';

/** A host name or an IP address, with or without a port (RFC 3986 §3.2). */
const HOST = /^([\w.-]+|\[[\da-f:.]+\])(:\d{1,5})?$/i;

/** The origin that the client used, or the local address if the Host header is invalid. */
export function originOf({ host, protocol, socket }: FastifyRequest): string {
  const scheme = protocol === 'https' ? 'https' : 'http';
  return `${scheme}://${HOST.test(host) ? host : `127.0.0.1:${socket.localPort}`}`;
}

/**
 * Creates a reader of the origin that clients see.
 * @param publicUrl - undefined for the origin that each request names
 */
export const createOriginReader =
  (publicUrl: URL | undefined) =>
  (request: FastifyRequest): string =>
    publicUrl?.origin ?? originOf(request);
