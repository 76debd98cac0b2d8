import type { FastifyRequest } from 'fastify';
import type { Config } from '../config/index.ts';
import { createPayment, type Payment } from '../pipeline/charge.ts';
import { createRedis } from '../redis/client.ts';
import type { Log } from '../telemetry/log.ts';
import {
  type AdmissionControl,
  createAdmissionControl,
  createIpFilter,
  createRateLimiter,
  type RateLimiter,
} from '../traffic/index.ts';

/** Who may come in, how often, and how many at a time. */
export interface Door {
  /** Before anything is read of a request but its headers. @throws BffError */
  readonly check: (request: FastifyRequest) => void;
  readonly payment: Payment;
  readonly admission: AdmissionControl;
  /** Lets whoever asked in vain pay for the asking. */
  readonly charge: RateLimiter['charge'];
  readonly close: () => void;
}

/** @param name - the BFF's; each counts for itself in a Redis that several share */
export async function createDoor(
  name: string,
  { network, rateLimits, redisUrl }: Config,
  log: Log,
): Promise<Door> {
  const { refuseAddress } = createIpFilter(network);
  const redis = redisUrl && (await createRedis(redisUrl, log));
  const limiter = createRateLimiter({
    limits: rateLimits,
    redis,
    prefix: `frontdesk:rate:${name}`,
  });
  const admission = createAdmissionControl();
  return {
    check({ ip }) {
      refuseAddress(ip);
      admission.refuseExcess();
      limiter.refuseExhausted({ address: ip });
    },
    payment: createPayment(limiter),
    admission,
    charge: limiter.charge,
    close() {
      redis?.close();
    },
  };
}
