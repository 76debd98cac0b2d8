import type { FastifyReply, FastifyRequest } from 'fastify';
import { BYTES_PER_UNIT, type RateLimiter } from '../traffic/index.ts';
import { CountedRequest } from './counted-request.ts';
import { CountedHttp2Request } from './http2-request.ts';
import { endUnreadBody } from './unread-body.ts';

/**
 * Charges an address for a refused request: one unit, and more for the bytes of its URL and of its
 * body. Bytes are counted as they arrive, since a Content-Length may be missing or wrong. Bytes
 * that arrive after the refusal are charged when the body or the connection ends.
 */
export function createRefusalCharge(charge: RateLimiter['charge']) {
  /** @param isFree - true to charge only the bytes that arrive after the refusal */
  return ({ ip, url, raw, server }: FastifyRequest, reply: FastifyReply, isFree: boolean): void => {
    const uncharged = takeUncharged(raw);
    if (!isFree) charge(ip, 1 + (url.length + uncharged) / BYTES_PER_UNIT);
    const { bodyLimit = 0 } = server.initialConfig;
    endUnreadBody(raw, reply.raw, bodyLimit, () => {
      const restBytes = takeUncharged(raw);
      if (restBytes > 0) charge(ip, restBytes / BYTES_PER_UNIT);
    });
  };
}

/** @returns the body bytes since the last call */
function takeUncharged(raw: FastifyRequest['raw']): number {
  if (!(raw instanceof CountedRequest || raw instanceof CountedHttp2Request)) return 0;
  const bytes = raw.bodyBytes - raw.chargedBytes;
  raw.chargedBytes = raw.bodyBytes;
  return bytes;
}
