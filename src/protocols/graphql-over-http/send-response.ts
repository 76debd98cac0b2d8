import { randomUUID } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  type CacheEntry,
  type CacheHit,
  type CacheLookup,
  cacheStatusHeader,
  createCompressor,
  type ForwardReason,
  type HeaderList,
  matchesEtag,
  NO_STORE,
  type ResponseCache,
  responseHeaders,
  type StaleWindows,
} from '../../cache/index.ts';
import { guardListFor } from '../../http/security-headers.ts';
import type { EngineAnswer } from '../../pipeline/execute/executor.ts';

/**
 * Sends answers that others may get as well: conditional, compressed, with all that caches are told.
 * @param isLast - whether connections are to be closed with their answers
 */
export function createSender(edge: ResponseCache, stale: StaleWindows, isLast: () => boolean) {
  const variants = createCompressor();

  async function encode(entry: CacheEntry, coding: string, key: string): Promise<string> {
    const body = await variants.encode(entry, coding);
    edge.addVariant(key, entry, coding, body);
    return body;
  }

  /** @returns nothing if it was sent at once */
  return (
    request: FastifyRequest,
    reply: FastifyReply,
    { entry, status: outcome }: CacheHit,
    { key }: CacheLookup,
    contentType: string,
    reason: ForwardReason = 'uri-miss',
  ): Promise<void> | undefined => {
    const { headers, method, operationLog } = request;
    if (operationLog) {
      operationLog.cacheStatus = outcome;
      operationLog.failedParts = 0;
    }
    const coding = variants.codingFor(entry, acceptedBy(headers['accept-encoding']));
    const leaving = { outcome, reason, coding, isPosted: method === 'POST' };
    const { etag, headers: described, isPublic } = responseHeaders(entry, leaving, stale);
    const ending = isLast() ? [...described, 'connection', 'close'] : described;
    const answer = { request, reply, isPublic };
    if (matchesEtag(etag, headers['if-none-match'])) return write(answer, 304, ending, '');

    const writeWhole = (body: string, ...encoding: string[]) => {
      const length = ['content-length', `${body.length}`];
      const whole = [...ending, 'content-type', contentType, ...length, ...encoding];
      return write(answer, 200, whole, body);
    };
    if (!coding) return writeWhole(entry.body);
    const known = entry.variants.get(coding);
    if (known) return writeWhole(known, 'content-encoding', coding);
    return encode(entry, coding, key).then((body) => writeWhole(body, 'content-encoding', coding));
  };
}

export type Sender = ReturnType<typeof createSender>;

interface OutgoingAnswer {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** Whether shared caches may store the answer. */
  readonly isPublic: boolean;
}

/**
 * Writes an answer past the framework, which would encode the bytes once more, as UTF-8.
 * @param body - a character for each byte
 */
function write(
  { request, reply, isPublic }: OutgoingAnswer,
  status: number,
  headers: HeaderList,
  body: string,
): undefined {
  const id = isPublic ? publicIdOf(request) : request.id;
  const list = [...headers, ...guardListFor(request), 'x-request-id', id];
  addGiven(list, reply, isPublic);
  reply.raw.writeHead(status, list);
  reply.hijack();
  reply.raw.end(request.method === 'HEAD' ? '' : body, 'latin1');
}

/**
 * The request id of an answer that shared caches store with its headers and send to other clients:
 * never one that a client chose. The log has both ids.
 */
function publicIdOf(request: FastifyRequest): string {
  if (request.headers['x-request-id'] !== request.id) return request.id;
  const publicRequestId = randomUUID();
  request.log = request.log.child({ publicRequestId });
  return publicRequestId;
}

/**
 * Adds the headers that were set on the way here. What is public keeps only those of CORS, whose
 * Vary keeps origins apart: the client's rate limit is nothing for a shared cache to store.
 */
function addGiven(list: string[], reply: FastifyReply, isPublic: boolean): void {
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (name === 'vary') list[list.indexOf(name) + 1] += `, ${value}`;
    else if (!isPublic || name.startsWith('access-control-')) list.push(name, String(value));
  }
}

/** Compressing an answer once costs more than a stored one, whose compressed bytes are kept. */
const MIN_UNCACHED_BYTES = 8_192;
const uncached = createCompressor();

/** Sends an answer that is not stored, compressed if it is large. */
export async function sendUncached(
  reply: FastifyReply,
  { status, headers, body }: EngineAnswer,
  reason: ForwardReason,
) {
  const { operationLog, headers: requestHeaders } = reply.request;
  if (operationLog) operationLog.cacheStatus = reason;
  reply
    .code(status)
    .headers({ ...headers, ...NO_STORE, 'cache-status': cacheStatusHeader(reason) });
  const accepted = acceptedBy(requestHeaders['accept-encoding']);
  const coding = uncached.codingFor({ body }, accepted, MIN_UNCACHED_BYTES);
  if (!coding) return reply.send(body);
  const vary = [reply.getHeader('vary'), 'Accept-Encoding'].filter(Boolean).join(', ');
  reply.headers({ vary, 'content-encoding': coding });
  return reply.send(await uncached.encodeText(body, coding));
}

const acceptedBy = (header: string | string[] | undefined): string | undefined =>
  typeof header === 'string' ? header : undefined;
