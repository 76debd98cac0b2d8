import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { BffError } from '../errors.ts';

/**
 * Refuses an `Expect` other than 100-continue (RFC 9110 §10.1.1), after the hooks of every other request.
 * Node keeps such requests from Fastify, so they are routed here.
 */
export function createExpectationRefusal() {
  const unmet = new WeakSet<IncomingMessage>();
  return {
    /** Lets these requests of the application's server reach its hooks. */
    route({ server, routing }: Pick<FastifyInstance, 'server' | 'routing'>): void {
      server.on('checkExpectation', (request, response) => {
        unmet.add(request);
        // The client may send the body or not, so nobody knows where its next request begins. node:http
        // then sends `Connection: close`, which HTTP/2 does not have.
        response.shouldKeepAlive = false;
        routing(request, response);
      });
    },
    /** @throws BffError BAD_REQUEST with status 417 */
    refuse(request: IncomingMessage): void {
      if (request.headers.expect === undefined || !unmet.has(request)) return;
      throw new BffError('BAD_REQUEST', 'Only "Expect: 100-continue" is supported.', {
        status: 417,
      });
    },
  };
}
