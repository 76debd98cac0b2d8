import type { FastifyReply } from 'fastify';
import { BYTES_PER_UNIT, type RateLimiter } from '../traffic/index.ts';
import type { Viewer } from '../viewer.ts';
import type { Caller } from './authenticate.ts';

type Payer = Pick<Caller, 'address' | 'viewer'>;

/** What it costs to register a text under its hash, in units, besides the operation itself. */
export const registrationCost = (text: string): number => Buffer.byteLength(text) / BYTES_PER_UNIT;

export interface Payment {
  /** As soon as it is known who asks. @throws BffError RATE_LIMITED if nothing is left to them */
  readonly refuseExhausted: (caller: Payer) => void;
  /**
   * Pays for an operation, and tells the client what is left.
   * @returns nothing if it was paid at once
   * @throws BffError RATE_LIMITED, or rejects with it
   */
  readonly pay: (caller: Payer, cost: number, reply: FastifyReply) => undefined | Promise<unknown>;
}

export function createPayment(limiter: RateLimiter): Payment {
  return {
    refuseExhausted: ({ viewer }) => limiter.refuseExhausted({ viewer: payerOf(viewer) }),
    pay({ address, viewer }, cost, reply) {
      const taken = limiter.take({ address, viewer: payerOf(viewer) }, cost);
      if ('then' in taken) {
        return taken.then((headers) => {
          // Not the reply itself: to wait for it is to wait until it is sent.
          reply.headers({ ...headers });
        });
      }
      reply.headers({ ...taken });
      return undefined;
    },
  };
}

/** Undefined for those of whom nothing but their address is known. */
function payerOf(viewer: Viewer): string | undefined {
  if (viewer.role === 'anonymous') return undefined;
  if (viewer.role === 'partner') return `partner:${viewer.partner}`;
  return `user:${viewer.issuer}:${viewer.id}`;
}
