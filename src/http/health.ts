import type { FastifyInstance, FastifyRequest } from 'fastify';

const HEALTH_CHECK = /^\/(?:healthz|readyz)(?:\?|$)/;

/** Whether the process is alive, and whether it may be sent requests. */
export interface Health {
  /** It shall end: from now on it asks for no more requests, and still answers those that come. */
  readonly drain: () => void;
  /** Whether it shall end, so that each connection is closed with its answer. */
  readonly isDraining: () => boolean;
}

export function addHealth(app: FastifyInstance): Health {
  let draining = false;
  // A connection that is kept alive after its last answer would keep the process alive as well.
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (draining) reply.header('connection', 'close');
    done(null, payload);
  });
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    reply.code(draining ? 503 : 200);
    return { status: draining ? 'draining' : 'ok' };
  });
  return {
    drain() {
      draining = true;
    },
    isDraining: () => draining,
  };
}

/** Whether a request is answered whoever sends it, and however busy the process is. */
export const isHealthCheck = ({ method, url }: FastifyRequest): boolean =>
  method === 'GET' && HEALTH_CHECK.test(url);
