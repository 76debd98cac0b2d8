import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  createFaultBook,
  type Fault,
  type Faults,
  hang,
  isLate,
  pause,
  readFaults,
  toMalformed,
} from './faults.ts';
import { createRequestLog, type RequestReport } from './request-log.ts';

/** What tests in the same process turn and read; `/_control` offers the same over HTTP. */
export type Control = {
  /** Replaces all faults. Throws a Refusal that names what is wrong. */
  faults(map: Faults): void;
  clear(): void;
  requests(): RequestReport;
  reset(): void;
};

export function createControl(operations: readonly string[]) {
  const book = createFaultBook();
  const log = createRequestLog();
  const late = new WeakMap<FastifyRequest, Fault>();
  const handle: Control = {
    faults: (map) => book.replace(readFaults(map, operations)),
    clear: () => book.replace({}),
    requests: log.report,
    reset: log.reset,
  };

  function count(name = 'unmatched', request: FastifyRequest, reply: FastifyReply) {
    reply.raw.once('close', log.begin(name, request));
  }

  async function onRequest(name = 'unmatched', request: FastifyRequest, reply: FastifyReply) {
    count(name, request, reply);
    const drawn = book.draw(name);
    if (!drawn) return;
    if (drawn.waitMs > 0) await pause(drawn.waitMs, reply);
    const { fault } = drawn;
    if (fault && isLate(fault)) late.set(request, fault);
    if (fault?.hang && !isLate(fault)) await hang(reply);
    // Whoever left during the wait left before the work: it must not be done behind their back.
    if (reply.raw.destroyed) return reply.hijack();
    if (fault && !isLate(fault)) await reply.code(fault.status ?? 500).send({ code: 'fault' });
  }

  async function onSend(request: FastifyRequest, reply: FastifyReply, payload: unknown) {
    const fault = late.get(request);
    if (!fault) return payload;
    if (fault.hang) await hang(reply);
    if (fault.malformed) return toMalformed(fault.malformed, payload);
    reply.code(fault.status ?? 500);
    return JSON.stringify({ code: 'fault' });
  }

  return { handle, count, onRequest, onSend };
}

export function controlRoutes(app: FastifyInstance, { handle }: { handle: Control }) {
  app.put('/_control/faults', async (request, reply) => {
    handle.faults(request.body as Faults);
    return reply.code(204).send();
  });
  app.delete('/_control/faults', async (_request, reply) => {
    handle.clear();
    return reply.code(204).send();
  });
  app.get('/_control/requests', async () => handle.requests());
  app.delete('/_control/requests', async (_request, reply) => {
    handle.reset();
    return reply.code(204).send();
  });
}
