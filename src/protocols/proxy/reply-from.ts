import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import replyFrom from '@fastify/reply-from';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Dispatcher } from 'undici';
import type { StreamedResponse } from '../../datasources/index.ts';
import { BffError } from '../../errors.ts';

type Done = (error: null, response: object) => void;
type Start = (request: Dispatcher.RequestOptions, done: Done) => void;

/** For a response without one, which the library destroys if the client has left. */
const NO_STREAM = { destroy() {} };

/** The function that takes what the library would send. The library calls it in the same turn. */
const starts = new AsyncLocalStorage<Start>();

/** The names of the headers that responses have from an upstream. */
const copiedNames = new WeakMap<FastifyReply, readonly string[]>();

/**
 * Registers @fastify/reply-from, which copies requests and responses with their streams. What it would
 * send itself, the upstream engine sends: to an instance under its policies, once.
 */
export function registerReplyFrom(app: FastifyInstance) {
  app.setErrorHandler((error, _request, reply) => {
    throw copiedNames.has(reply) ? lostResponse(error, reply) : error;
  });
  return app.register(replyFrom, {
    disableCache: true,
    disableRequestLogging: true,
    undici: {
      request: ((request: Dispatcher.RequestOptions, done: Done) =>
        starts.getStore()?.(request, done)) as never,
    },
  });
}

/** The error for a response that has broken off before the first byte of its body. */
function lostResponse(cause: unknown, reply: FastifyReply): BffError {
  // They are about the body that is not there.
  for (const name of copiedNames.get(reply) ?? []) reply.removeHeader(name);
  const message = 'The response was lost. If the request was a change, it may have been applied.';
  return new BffError('UPSTREAM_UNAVAILABLE', message, { cause, status: 502 });
}

interface CopyOptions {
  readonly url: string;
  /** Undefined for a request without a body, or with a stream. */
  readonly text: string | undefined;
  readonly requestHeaders: (copied: IncomingHttpHeaders) => OutgoingHttpHeaders;
  readonly responseHeaders: (received: IncomingHttpHeaders) => OutgoingHttpHeaders;
}

/** A request as the library has copied it. */
export interface CopiedRequest {
  readonly request: Dispatcher.RequestOptions;
  /** Sends the response to the client. */
  readonly deliver: (response: StreamedResponse) => void;
}

/** @throws Error for a URL that the library refuses */
export function copyRequest(reply: FastifyReply, options: CopyOptions): CopiedRequest {
  const { url, text, requestHeaders, responseHeaders } = options;
  const { origin, pathname, search } = new URL(url);
  let copied: CopiedRequest | undefined;
  let payload: StreamedResponse['body'] = null;
  starts.run(
    (request, done) => {
      copied = {
        request,
        deliver({ status: statusCode, headers, body }) {
          payload = body;
          const stream = typeof body === 'string' || body === null ? NO_STREAM : body;
          done(null, { statusCode, headers: { ...headers }, body: stream });
        },
      };
    },
    () =>
      reply.from(origin + pathname, {
        queryString: () => search.slice(1),
        ...(text !== undefined && { body: text, contentType: 'application/json' }),
        retryDelay: () => null,
        rewriteRequestHeaders: (_request, headers) =>
          requestHeaders(headers) as IncomingHttpHeaders,
        rewriteHeaders(received) {
          const headers = responseHeaders(received);
          copiedNames.set(reply, Object.keys(headers));
          return headers as IncomingHttpHeaders;
        },
        onResponse: () => void reply.send(payload ?? undefined),
      }),
  );
  if (!copied) throw new Error('the library has not sent the request');
  return copied;
}
