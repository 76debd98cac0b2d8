import type { FastifyInstance } from 'fastify';

/**
 * Whether the process is alive, and whether it may be sent requests.
 * @returns what to call when it shall end: from then on it asks for no more requests, and still
 *   answers those that come
 */
export function addHealth(app: FastifyInstance): () => void {
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
  return () => {
    draining = true;
  };
}
