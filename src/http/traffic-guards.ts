import type { FastifyInstance } from 'fastify';
import type { AdmissionControl, IpFilter, RateLimiter } from '../traffic/index.ts';
import { isHealthCheck } from './health.ts';

interface TrafficGuards {
  readonly ipFilter: IpFilter;
  readonly admission: Pick<AdmissionControl, 'refuseExcess'>;
  readonly rateLimiter: Pick<RateLimiter, 'refuseExhausted'>;
}

/** Refuses requests by their address, under overload, and beyond the rate limit, before a body is read. */
export function addTrafficGuards(
  app: FastifyInstance,
  { ipFilter, admission, rateLimiter }: TrafficGuards,
): void {
  app.addHook('onRequest', (request, _reply, done) => {
    if (!isHealthCheck(request)) {
      const { ip: address } = request;
      ipFilter.refuseAddress(address);
      admission.refuseExcess();
      rateLimiter.refuseExhausted({ address });
    }
    done();
  });
}
