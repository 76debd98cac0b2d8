import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  cacheStatusOf,
  createVariants,
  type EdgeCache,
  type Entry,
  headersOf,
  isKnown,
  type Kept,
  NO_STORE,
  type Question,
  type StaleWindows,
} from '../cache/index.ts';
import type { EngineAnswer } from './engine.ts';

/**
 * Sends answers that others may get as well: conditional, compressed, with all that caches are told.
 * @param isLast - whether connections are to be closed with their answers
 */
export function createSender(edge: EdgeCache, stale: StaleWindows, isLast: () => boolean) {
  const variants = createVariants();

  async function variantOf(entry: Entry, coding: string, key: string): Promise<string> {
    const known = entry.variants.get(coding);
    if (known) return known;
    const body = await variants.encode(entry, coding);
    edge.addVariant(key, entry, coding, body);
    return body;
  }

  return async (
    request: FastifyRequest,
    reply: FastifyReply,
    { entry, outcome }: Kept,
    { key }: Question,
    contentType: string,
  ) => {
    const { headers, method } = request;
    const coding = variants.codingFor(entry, acceptedBy(headers['accept-encoding']));
    if (isLast()) reply.header('connection', 'close');
    const described = headersOf(entry, { outcome, coding, isPosted: method === 'POST' }, stale);
    if (isKnown(described.etag, headers['if-none-match'])) {
      return write(request, reply, 304, described, '');
    }
    described['content-type'] = contentType;
    if (coding) described['content-encoding'] = coding;
    const body = coding ? await variantOf(entry, coding, key) : entry.body;
    described['content-length'] = String(body.length);
    return write(request, reply, 200, described, body);
  };
}

export type Sender = ReturnType<typeof createSender>;

/**
 * Writes an answer past the framework, which would encode the bytes once more, as UTF-8.
 * @param body - a character for each byte
 */
function write(
  { method }: FastifyRequest,
  reply: FastifyReply,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): void {
  reply.hijack();
  const given = reply.getHeaders() as OutgoingHttpHeaders;
  const sent = { ...given, ...headers };
  // Those who are asked from other origins are answered differently.
  if (given.vary && headers.vary) sent.vary = `${headers.vary}, ${given.vary}`;
  reply.raw.writeHead(status, sent);
  reply.raw.end(method === 'HEAD' ? '' : body, 'latin1');
}

/** Sends an answer that is for the asker alone. */
export function sendAlone(
  reply: FastifyReply,
  { status, headers, body }: EngineAnswer,
  reason: Parameters<typeof cacheStatusOf>[0],
) {
  reply.code(status).headers({ ...headers, ...NO_STORE, 'cache-status': cacheStatusOf(reason) });
  return reply.send(body);
}

const acceptedBy = (header: string | string[] | undefined): string | undefined =>
  typeof header === 'string' ? header : undefined;
