import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import replyFrom from '@fastify/reply-from';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Dispatcher } from 'undici';
import type { StreamedResponse } from '../../datasources/index.ts';

type Done = (error: null, response: object) => void;
type Start = (request: Dispatcher.RequestOptions, done: Done) => void;

/** The function that takes what the library would send. The library calls it in the same turn. */
const starts = new AsyncLocalStorage<Start>();

/**
 * Registers @fastify/reply-from, which copies requests and responses with their streams. What it would
 * send itself, the upstream engine sends: to an instance under its policies, once.
 */
export const registerReplyFrom = (app: FastifyInstance) =>
  app.register(replyFrom, {
    disableCache: true,
    disableRequestLogging: true,
    undici: {
      request: ((request: Dispatcher.RequestOptions, done: Done) =>
        starts.getStore()?.(request, done)) as never,
    },
  });

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
  starts.run(
    (request, done) => {
      copied = {
        request,
        deliver: ({ status: statusCode, headers, body }) =>
          done(null, { statusCode, headers: { ...headers }, body }),
      };
    },
    () =>
      reply.from(origin + pathname, {
        queryString: () => search.slice(1),
        ...(text !== undefined && { body: text, contentType: 'application/json' }),
        retryDelay: () => null,
        rewriteRequestHeaders: (_request, headers) =>
          requestHeaders(headers) as IncomingHttpHeaders,
        rewriteHeaders: (headers) => responseHeaders(headers) as IncomingHttpHeaders,
        onResponse: (_request, { send }, { stream }) => void send.call(reply, stream),
      }),
  );
  if (!copied) throw new Error('the library has not sent the request');
  return copied;
}
