import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Http2Response } from './http2-response.ts';
import { endSession } from './http2-sessions.ts';

const HEALTH_CHECK = /^\/(?:healthz|readyz)(?:\?|$)/;

export interface Health {
  /** Makes /readyz respond 200; before, it responds 503. */
  readonly start: () => void;
  /**
   * Makes /readyz respond 503, ends HTTP/2 sessions, and closes each other connection after its next
   * response.
   */
  readonly drain: () => void;
  /**
   * Ends sessions and connections like `drain`. For a worker that others replace: /readyz is about all of
   * them and stays as it is.
   */
  readonly retire: () => void;
  /** For responses that are written past the framework; call it before their headers are written. */
  readonly closeIfDraining: (response: ServerResponse) => void;
}

/**
 * Adds `GET /healthz` (the process is alive) and `GET /readyz` (it may get requests). Neither depends on
 * upstreams or Redis: their loss costs parts of responses, and would take all replicas away at once.
 */
export function addHealth(app: FastifyInstance): Health {
  let status: 'starting' | 'ok' | 'draining' = 'starting';
  let isClosing = false;

  function closeIfDraining(response: ServerResponse): void {
    if (!isClosing) return;
    // node:http then sends `Connection: close`. An open connection would keep the process alive.
    if (!(response instanceof Http2Response)) response.shouldKeepAlive = false;
    // A session that was opened during the drain. The others are ending already.
    else if (response.stream.session) endSession(response.stream.session);
  }

  app.addHook('onSend', (_request, reply, payload, done) => {
    closeIfDraining(reply.raw);
    done(null, payload);
  });
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    reply.code(status === 'ok' ? 200 : 503);
    return { status };
  });
  function retire(): void {
    isClosing = true;
    app.connections.endSessions();
  }
  return {
    start() {
      if (status === 'starting') status = 'ok';
    },
    drain() {
      status = 'draining';
      retire();
    },
    retire,
    closeIfDraining,
  };
}

/** True for health checks, which pass the IP filter, overload protection and rate limits. */
export const isHealthCheck = ({ method, url }: FastifyRequest): boolean =>
  method === 'GET' && HEALTH_CHECK.test(url);
