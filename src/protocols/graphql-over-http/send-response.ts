import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  cacheStatusHeader,
  createCompressor,
  matchesEtag,
  NO_STORE,
  type ResponseCache,
  responseHeaders,
  type StaleWindows,
  toJson,
} from '../../cache/index.ts';
import { commonHeaders, isSecure } from '../../http/common-headers.ts';
import type { MaybePromise } from '../../maybe-promise.ts';
import type { BatchResponse, OperationResponse, SharedResponse } from '../../pipeline/index.ts';

/**
 * Compression takes longer than sending the saved bytes below this size. Stored responses, whose
 * compressed bytes are kept, have a lower limit.
 */
const MIN_COMPRESSED_BYTES = 8_192;

interface SenderOptions {
  readonly cache: Pick<ResponseCache, 'addVariant'>;
  readonly stale: StaleWindows;
  readonly closeIfDraining: (response: ServerResponse) => void;
}

/** Creates the functions that send responses of the pipeline. */
export function createResponseSender({ cache, stale, closeIfDraining }: SenderOptions) {
  const compressor = createCompressor();

  async function compress({ entry, key }: SharedResponse, coding: string): Promise<string> {
    const body = await compressor.encode(entry, coding);
    cache.addVariant(key, entry, coding, body);
    return body;
  }

  /** Sends a response that caches may store: conditional, compressed, with its freshness and tags. */
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
    const { etag, headers, isPublic } = responseHeaders(entry, variant, stale);
    // Shared caches store a public response with its headers, which must not be those of one client.
    const clientHeaders = isPublic ? [] : Object.entries(rateLimit).flat();
    const id = isPublic ? publicIdOf(request) : request.id;
    const common = [...commonHeaders(isSecure(request), id), ...clientHeaders];
    const write = (status: number, body: string, ...content: string[]) =>
      writeRaw(request, reply, status, [...headers, ...content, ...common], body);

    if (matchesEtag(etag, requestHeaders['if-none-match'])) return write(304, '');
    const type = ['content-type', mediaType];
    if (!coding) return write(200, entry.body, ...type, ...lengthOf(entry.body));
    const encoding = [...type, 'content-encoding', coding];
    const compressed = entry.variants.get(coding);
    if (compressed) return write(200, compressed, ...encoding, ...lengthOf(compressed));
    return compress(response, coding).then((body) =>
      write(200, body, ...encoding, ...lengthOf(body)),
    );
  }

  /** Writes past the framework, which would encode the bytes once more. @param body - latin1 */
  function writeRaw(
    { method }: FastifyRequest,
    reply: FastifyReply,
    status: number,
    headers: string[],
    body: string,
  ): undefined {
    // CORS sets headers on the reply.
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (name === 'vary') headers[headers.indexOf(name) + 1] += `, ${value}`;
      else headers.push(name, String(value));
    }
    closeIfDraining(reply.raw);
    reply.hijack();
    reply.raw.writeHead(status, headers);
    reply.raw.end(method === 'HEAD' ? '' : body, 'latin1');
  }

  /** Sends a response that must not be stored, compressed if it is large. */
  async function sendUnshared(
    reply: FastifyReply,
    body: string,
    { rateLimit, reason }: Pick<OperationResponse, 'rateLimit' | 'reason'>,
    mediaType: string,
  ): Promise<FastifyReply> {
    const cacheHeaders = { ...NO_STORE, 'cache-status': cacheStatusHeader(reason) };
    reply.headers({ ...rateLimit, ...cacheHeaders }).type(mediaType);
    const accepted = textOf(reply.request.headers['accept-encoding']);
    const coding = compressor.codingFor({ body }, accepted, MIN_COMPRESSED_BYTES);
    if (!coding) return reply.send(body);
    const vary = [reply.getHeader('vary'), 'Accept-Encoding'].filter(Boolean).join(', ');
    reply.headers({ vary, 'content-encoding': coding });
    return reply.send(await compressor.encodeText(body, coding));
  }

  return {
    /** Sends a response from memory at once, without a promise. */
    operation(
      request: FastifyRequest,
      reply: FastifyReply,
      response: OperationResponse,
      mediaType: string,
    ): MaybePromise<unknown> {
      if (response.kind === 'shared') return sendShared(request, reply, response, mediaType);
      reply.code(response.result.status);
      return sendUnshared(reply, toJson(response.result), response, mediaType);
    },
    batch(reply: FastifyReply, response: BatchResponse, mediaType: string): Promise<unknown> {
      const body = `[${response.results.map((result) => toJson(result).trimEnd()).join(',')}]`;
      return sendUnshared(reply, body, response, mediaType);
    },
  };
}

export type ResponseSender = ReturnType<typeof createResponseSender>;

/**
 * Returns a request id for a response that shared caches send to other clients: never one that a
 * client chose. The log line of the request has both.
 */
function publicIdOf(request: FastifyRequest): string {
  if (request.headers['x-request-id'] !== request.id) return request.id;
  const publicRequestId = randomUUID();
  request.log = request.log.child({ publicRequestId });
  return publicRequestId;
}

const lengthOf = (body: string): readonly string[] => ['content-length', `${body.length}`];

const textOf = (header: string | string[] | undefined): string | undefined =>
  typeof header === 'string' ? header : undefined;
