import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';

const HEALTH_CHECK = /^\/(?:healthz|readyz)(?:\?|$)/;

export interface Health {
  /** Makes /readyz respond 503, and closes each connection after its next response. */
  readonly drain: () => void;
  /** For responses that are written past the framework; call it before their headers are written. */
  readonly closeIfDraining: (response: ServerResponse) => void;
}

/** Adds `GET /healthz` (the process is alive) and `GET /readyz` (it may get requests). */
export function addHealth(app: FastifyInstance): Health {
  let isDraining = false;

  function closeIfDraining(response: ServerResponse): void {
    // node:http then sends `Connection: close`. An open connection would keep the process alive.
    if (isDraining) response.shouldKeepAlive = false;
  }

  app.addHook('onSend', (_request, reply, payload, done) => {
    closeIfDraining(reply.raw);
    done(null, payload);
  });
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    reply.code(isDraining ? 503 : 200);
    return { status: isDraining ? 'draining' : 'ok' };
  });
  return {
    drain() {
      isDraining = true;
    },
    closeIfDraining,
  };
}

/** True for health checks, which pass the IP filter, overload protection and rate limits. */
export const isHealthCheck = ({ method, url }: FastifyRequest): boolean =>
  method === 'GET' && HEALTH_CHECK.test(url);
