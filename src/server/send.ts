import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  cacheStatusOf,
  createVariants,
  type EdgeCache,
  headersOf,
  isKnown,
  type Kept,
  NO_STORE,
  type Question,
  type StaleWindows,
} from '../cache/index.ts';
import type { EngineAnswer } from './engine.ts';

/** Sends answers that others may get as well: conditional, compressed, with all that caches are told. */
export function createSender(edge: EdgeCache, stale: StaleWindows) {
  const variants = createVariants();

  return async (
    request: FastifyRequest,
    reply: FastifyReply,
    { entry, outcome }: Kept,
    { key }: Question,
    contentType: string,
  ) => {
    const { headers, method } = request;
    const coding = variants.codingFor(entry, acceptedBy(headers['accept-encoding']));
    const described = headersOf(entry, { outcome, coding, isPosted: method === 'POST' }, stale);
    reply.headers(described);
    if (isKnown(described.etag, headers['if-none-match'])) return reply.code(304).send();
    reply.type(contentType);
    if (!coding) return reply.send(entry.body);
    const known = entry.variants.get(coding);
    reply.header('content-encoding', coding);
    if (known) return reply.send(known);
    const bytes = await variants.encode(entry, coding);
    edge.addVariant(key, entry, coding, bytes);
    return reply.send(bytes);
  };
}

export type Sender = ReturnType<typeof createSender>;

/** Sends an answer that is for the asker alone. */
export function sendAlone(
  request: FastifyRequest,
  reply: FastifyReply,
  { status, headers, body }: EngineAnswer,
  reason: Parameters<typeof cacheStatusOf>[0],
) {
  reply.code(status).headers({ ...headers, ...NO_STORE, 'cache-status': cacheStatusOf(reason) });
  return reply.send(withRequestId(body, status, request.id));
}

const acceptedBy = (header: string | string[] | undefined): string | undefined =>
  typeof header === 'string' ? header : undefined;

/** Apollo Server refuses some requests before any of its plugins is asked. */
function withRequestId(body: string, status: number, requestId: string): string {
  if (status < 400 || body.includes('"requestId"')) return body;
  const answer: { errors?: { extensions: object }[] } = JSON.parse(body);
  for (const error of answer.errors ?? []) error.extensions = { ...error.extensions, requestId };
  return JSON.stringify(answer);
}
