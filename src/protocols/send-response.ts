import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  cacheStatusHeader,
  createCompressor,
  DERIVED_HIT,
  matchesEtag,
  NO_STORE,
  type ResponseCache,
  responseHeaders,
  type SharedCaches,
} from '../cache/index.ts';
import { commonHeaders, isSecure } from '../http/common-headers.ts';
import { serverTimingOf } from '../http/observe-requests.ts';
import type { BatchResponse, OperationResponse, SharedResponse } from '../pipeline/index.ts';

/**
 * Compression takes longer than sending the saved bytes below this size. Stored responses, whose
 * compressed bytes are kept, have a lower limit.
 */
const MIN_COMPRESSED_BYTES = 8_192;

interface SenderOptions {
  readonly cache: Pick<ResponseCache, 'addVariant'>;
  readonly shared: SharedCaches;
  readonly closeIfDraining: (response: ServerResponse) => void;
}

/** Creates the functions with which every protocol sends responses of the pipeline. */
export function createResponseSender({ cache, shared, closeIfDraining }: SenderOptions) {
  const compressor = createCompressor();

  async function compress({ entry, key }: SharedResponse, coding: string): Promise<string> {
    const body = await compressor.encode(entry, coding);
    cache.addVariant(key, entry, coding, body);
    return body;
  }

  /**
   * Sends a response that caches may store: conditional, compressed, with its freshness and tags.
   * @returns undefined if it was sent at once
   */
  function sendShared(
    request: FastifyRequest,
    reply: FastifyReply,
    response: SharedResponse,
    mediaType: string,
  ): Promise<void> | undefined {
    const { headers: requestHeaders, method } = request;
    const { entry, cacheStatus, reason, rateLimit } = response;
    const coding = compressor.codingFor(entry, textOf(requestHeaders['accept-encoding']));
    const variant = { cacheStatus, reason, coding, isPosted: method === 'POST' };
    const { etag, headers: cacheHeaders, isPublic } = responseHeaders(entry, variant, shared);
    // Shared caches store a public response with its headers, which must not be those of one client.
    const id = isPublic ? publicIdOf(request) : request.id;
    // Not with spreads, which copy one by one.
    const headers = cacheHeaders.concat(commonHeaders(isSecure(request), id));
    const timing = serverTimingOf(request, isPublic);
    if (timing !== undefined) headers.push('server-timing', timing);
    addHeaders(headers, rateLimit, isPublic);
    addHeaders(headers, reply.getHeaders(), isPublic);

    if (matchesEtag(etag, requestHeaders['if-none-match'])) return end(reply, 304, headers, '');
    headers.push('content-type', mediaType);
    if (!coding) return end(reply, 200, headers, entry.body);
    headers.push('content-encoding', coding);
    const compressed = entry.variants.get(coding);
    if (compressed) return end(reply, 200, headers, compressed);
    return compress(response, coding).then((body) => end(reply, 200, headers, body));
  }

  /**
   * Writes past the framework, which would encode the bytes once more.
   * @param body - latin1
   */
  function end(reply: FastifyReply, status: number, headers: string[], body: string): undefined {
    const { raw, request } = reply;
    if (status === 200) headers.push('content-length', `${body.length}`);
    closeIfDraining(raw);
    reply.hijack();
    raw.writeHead(status, headers);
    // HTTP/2 refuses even an empty text in a response without a body.
    if (status === 304 || request.method === 'HEAD') raw.end();
    else raw.end(body, 'latin1');
  }

  /** Sends a response that must not be stored, compressed if it is large. */
  async function sendUnshared(
    reply: FastifyReply,
    body: string,
    response: OperationResponse | BatchResponse,
    mediaType: string,
  ): Promise<FastifyReply> {
    const isHit = response.kind === 'shared' && response.cacheStatus === 'hit';
    const status = isHit ? DERIVED_HIT : cacheStatusHeader(response.reason);
    reply.headers({ ...response.rateLimit, ...NO_STORE, 'cache-status': status }).type(mediaType);
    const accepted = textOf(reply.request.headers['accept-encoding']);
    const coding = compressor.codingFor({ body }, accepted, MIN_COMPRESSED_BYTES);
    if (!coding) return reply.send(body);
    const vary = [reply.getHeader('vary'), 'Accept-Encoding'].filter(Boolean).join(', ');
    reply.headers({ vary, 'content-encoding': coding });
    return reply.send(await compressor.encodeText(body, coding));
  }

  return { shared: sendShared, unshared: sendUnshared };
}

export type ResponseSender = ReturnType<typeof createResponseSender>;

/**
 * Returns a request id for a response that shared caches send to other clients: never one that a
 * client chose. The log line of the request has both.
 */
function publicIdOf(request: FastifyRequest): string {
  if (request.headers['x-request-id'] !== request.id) return request.id;
  const publicRequestId = randomUUID();
  request.record.publicRequestId = publicRequestId;
  return publicRequestId;
}

/**
 * Adds headers that others have set; to a public response only those of CORS, whose `Vary` separates
 * origins, so that a header that is added somewhere later is not public by mistake.
 */
function addHeaders(
  list: string[],
  headers: Readonly<Record<string, unknown>>,
  isPublic: boolean,
): void {
  for (const name in headers) {
    if (name === 'vary') list[list.indexOf(name) + 1] += `, ${headers[name]}`;
    else if (!isPublic || name.startsWith('access-control-'))
      list.push(name, String(headers[name]));
  }
}

const textOf = (header: string | string[] | undefined): string | undefined =>
  typeof header === 'string' ? header : undefined;
