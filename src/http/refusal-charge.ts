import type { FastifyReply, FastifyRequest } from 'fastify';
import { BffError } from '../errors.ts';
import { BYTES_PER_UNIT, type RateLimiter } from '../traffic/index.ts';
import { CountedRequest } from './counted-request.ts';
import { CountedHttp2Request } from './http2-request.ts';
import { endUnreadBody } from './unread-body.ts';

/**
 * Charges an address for a refused request: one unit, and more for the bytes of its URL and of its
 * body. Refusals by load, or by the address's own limit, cost the server next to nothing: for them only
 * the bytes that arrive afterwards are charged. Bytes are counted as they arrive, since a Content-Length
 * may be missing or wrong. Bytes that arrive after the refusal are charged when the body or the connection
 * ends.
 */
export function createRefusalCharge(charge: RateLimiter['charge']) {
  return (error: Error, { ip, url, raw, server }: FastifyRequest, reply: FastifyReply): void => {
    const uncharged = takeUncharged(raw);
    if (!isFree(error)) charge(ip, 1 + (url.length + uncharged) / BYTES_PER_UNIT);
    const { bodyLimit = 0 } = server.initialConfig;
    endUnreadBody(raw, reply.raw, bodyLimit, () => {
      const restBytes = takeUncharged(raw);
      if (restBytes > 0) charge(ip, restBytes / BYTES_PER_UNIT);
    });
  };
}

const isFree = (error: Error): boolean =>
  error instanceof BffError && (error.code === 'OVERLOADED' || error.details.policy === 'address');

/** @returns the body bytes since the last call */
function takeUncharged(raw: FastifyRequest['raw']): number {
  if (!(raw instanceof CountedRequest || raw instanceof CountedHttp2Request)) return 0;
  const bytes = raw.bodyBytes - raw.chargedBytes;
  raw.chargedBytes = raw.bodyBytes;
  return bytes;
}
