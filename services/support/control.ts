import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Events, readSubscribers } from './events.ts';
import { createFaultBook, type Fault, type Faults, faultsOf, keepsAnswer } from './faults.ts';
import { read } from './input.ts';
import { createRequestLog, type RequestReport } from './request-log.ts';
import { pause, REFUSAL, strike, wasResetHere } from './strike.ts';

/** What tests in the same process turn and read; `/_control` offers the same over HTTP. */
export type Control = {
  /** Replaces all faults. Throws a Refusal that names what is wrong. */
  faults(map: Faults): void;
  clear(): void;
  requests(): RequestReport;
  reset(): void;
  /** Replaces all who are told of writes. Throws a Refusal that names what is wrong. */
  subscribe(urls: readonly string[]): void;
};

export function createControl(operations: readonly string[], events: Events) {
  const book = createFaultBook();
  const faults = faultsOf(operations);
  const log = createRequestLog();
  const struck = new WeakMap<FastifyRequest, Fault>();
  const subscribe = (body: unknown) => events.subscribe(readSubscribers(body));
  const handle: Control = {
    faults: (map) => book.replace(read(faults, map, 400)),
    clear: () => book.replace({}),
    requests: log.report,
    reset: log.reset,
    subscribe: (urls) => subscribe({ urls }),
  };

  function count(name = 'unmatched', request: FastifyRequest, reply: FastifyReply) {
    const end = log.begin(name, request);
    reply.raw.once('close', () => end(!reply.raw.writableFinished && !wasResetHere(reply)));
  }

  /** Whether the request has had all the answer that it will get. */
  async function onRequest(name = 'unmatched', request: FastifyRequest, reply: FastifyReply) {
    count(name, request, reply);
    const drawn = book.draw(name);
    if (!drawn) return false;
    if (drawn.waitMs > 0) await pause(drawn.waitMs, reply);
    const { fault } = drawn;
    if (fault) struck.set(request, fault);
    const isEarly = fault && !fault.afterWork && !keepsAnswer(fault);
    if (isEarly && !reply.raw.destroyed) await reply.send(REFUSAL);
    // Whoever left during the wait left before the work: it must not be done behind their back.
    if (!isEarly && !reply.raw.destroyed) return false;
    reply.hijack();
    return true;
  }

  async function onSend(request: FastifyRequest, reply: FastifyReply, answer: unknown) {
    const fault = struck.get(request);
    return fault ? strike(fault, reply, answer) : answer;
  }

  return { handle, subscribe, count, onRequest, onSend };
}

type Controls = ReturnType<typeof createControl>;

export function controlRoutes(app: FastifyInstance, { handle, subscribe }: Controls) {
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
  app.put('/_control/subscribers', async (request, reply) => {
    subscribe(request.body);
    return reply.code(204).send();
  });
}
