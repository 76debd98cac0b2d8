import type { FastifyRequest } from 'fastify';
import type { RateLimiter } from '../limits/index.ts';
import { CountedRequest } from './counted-request.ts';
import { BYTES_PER_UNIT } from './payment.ts';

/**
 * Charges an address for a refused request: one unit, and more for the bytes of its URL and of its
 * body. Bytes are counted as they arrive, since a Content-Length may be missing or wrong. What is
 * still on its way when the request is refused is charged as soon as it has been read.
 */
export function createRefusalCharge(charge: RateLimiter['charge']) {
  return ({ ip, url, raw }: FastifyRequest): void => {
    const readBytes = bodyBytesOf(raw);
    charge(ip, 1 + (url.length + readBytes) / BYTES_PER_UNIT);
    if (raw.complete || raw.destroyed) return;
    raw.once('close', () => {
      const restBytes = bodyBytesOf(raw) - readBytes;
      if (restBytes > 0) charge(ip, restBytes / BYTES_PER_UNIT);
    });
    // node:http would discard the rest without counting it.
    raw.resume();
  };
}

const bodyBytesOf = (raw: FastifyRequest['raw']): number =>
  raw instanceof CountedRequest ? raw.bodyBytes : 0;
