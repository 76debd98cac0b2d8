import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { applyFault, delay, FAULT_RESPONSE, wasResetByFault } from './apply-fault.ts';
import { type EventPublisher, subscribersSchema } from './event-publisher.ts';
import {
  createFaultSelector,
  derivesFromResponse,
  type Fault,
  type Faults,
  faultsSchema,
} from './faults.ts';
import { read } from './input.ts';
import { createRequestLog, type RequestReport } from './request-log.ts';

/** Controls a stand-in from the same process; `/_control` offers the same over HTTP. */
export type Control = {
  /**
   * Replaces all faults.
   * @throws Problem that names the invalid fields
   */
  faults(map: Faults): void;
  clear(): void;
  requests(): RequestReport;
  reset(): void;
  /**
   * Replaces the subscribers of events.
   * @throws Problem that names the invalid fields
   */
  subscribe(urls: readonly string[]): void;
};

export function createControl(operations: readonly string[], publisher: EventPublisher) {
  const selector = createFaultSelector();
  const schema = faultsSchema(operations);
  const log = createRequestLog();
  const faults = new WeakMap<FastifyRequest, Fault>();
  const subscribe = (body: unknown): void =>
    publisher.subscribe(read(subscribersSchema, body, 400).urls);
  const handle: Control = {
    faults: (map) => selector.replace(read(schema, map, 400)),
    clear: () => selector.replace({}),
    requests: log.report,
    reset: log.reset,
    subscribe: (urls) => subscribe({ urls }),
  };

  function count(name = 'unmatched', request: FastifyRequest, reply: FastifyReply) {
    const end = log.begin(name, request);
    reply.raw.once('close', () => end(!reply.raw.writableFinished && !wasResetByFault(reply)));
  }

  /** @returns whether the request is finished: a fault or the client's disconnect ended it */
  async function onRequest(name = 'unmatched', request: FastifyRequest, reply: FastifyReply) {
    count(name, request, reply);
    const selected = selector.select(name);
    if (!selected) return false;
    const { delayMs, fault } = selected;
    if (delayMs > 0) await delay(delayMs, reply.raw);
    if (fault) faults.set(request, fault);
    const skipsOperation = fault && !fault.afterWork && !derivesFromResponse(fault);
    if (skipsOperation && !reply.raw.destroyed) await reply.send(FAULT_RESPONSE);
    // The operation must not run for a client that disconnected during the delay.
    if (!skipsOperation && !reply.raw.destroyed) return false;
    reply.hijack();
    return true;
  }

  async function onSend(request: FastifyRequest, reply: FastifyReply, response: unknown) {
    const fault = faults.get(request);
    return fault ? applyFault(fault, reply, response) : response;
  }

  return {
    handle,
    subscribe,
    count,
    onRequest,
    onSend,
    begin: log.begin,
    selectFault: selector.select,
  };
}

export type ControlInternals = ReturnType<typeof createControl>;

export function addControlRoutes(app: FastifyInstance, { handle, subscribe }: ControlInternals) {
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
