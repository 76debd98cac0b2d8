import type { FastifyInstance } from 'fastify';

/** Whether the process is alive, and whether it may be sent requests. */
export function addHealth(app: FastifyInstance): void {
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });
  // A connection that is kept alive after its last answer would keep the process alive as well.
  app.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close');
  });
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    reply.code(closing ? 503 : 200);
    return { status: closing ? 'closing' : 'ok' };
  });
}
