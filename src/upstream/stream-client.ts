import type { IncomingHttpHeaders } from 'node:http';
import { finished, type Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { Agent, type Dispatcher, errors } from 'undici';
import type { ClientTls } from '../config/index.ts';
import { discardBody, JSON_TYPE, MAX_WRITE_IDLE_MS, malformed } from './client.ts';
import { UpstreamFailure } from './errors.ts';
import { abandoned } from './waiter-group.ts';

/** The maximum time without any byte of a body for which its reader waits. */
const BODY_TIMEOUT_MS = 15_000;
/** The maximum size of a body that is changed. */
const MAX_CHANGED_BYTES = 1024 * 1024;
/** 4xx statuses that reject this service, not the request. */
const CALLER_REJECTED_STATUSES = new Set([401, 407, 408, 425, 429]);
/** Error codes for responses that are not valid HTTP or exceed its limits. */
const MALFORMED_CODES = new Set([
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
]);
const BODYLESS_STATUSES = new Set([204, 304]);

/** A request whose body may be streamed. */
export type StreamedRequest = Pick<Dispatcher.RequestOptions, 'origin' | 'path' | 'headers'> & {
  readonly method: Dispatcher.HttpMethod;
  readonly body?: string | Readable | null | undefined;
};

/** A response that has begun. Its body must be read, or destroyed. */
export interface StreamedResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** A text if it has been changed; null if the response has none. */
  readonly body: Readable | string | null;
  /**
   * Settles when the body ends, and rejects with an UpstreamFailure if it breaks off. Undefined if it is no
   * stream.
   */
  readonly ended: Promise<void> | undefined;
}

export interface SendOptions {
  /** Aborted with an UpstreamFailure when nobody waits for the beginning of the response. */
  readonly signal: AbortSignal;
  /** The time between the end of the request and the beginning of the response, in milliseconds. */
  readonly timeoutMs: number;
  /** Changes a JSON body, which is then read completely before the response begins. */
  readonly changeBody: ((bytes: Uint8Array) => string) | undefined;
}

export type StreamClient = ReturnType<typeof createStreamClient>;

/**
 * An HTTP client whose bodies are streams in both directions: a side that reads slowly slows down the
 * other one. It sends each request once, follows no redirect and decompresses nothing.
 */
export function createStreamClient(tls: ClientTls) {
  const agent = new Agent({
    connect: { ...tls },
    pipelining: 1,
    // Reads too are sent once.
    keepAliveTimeout: MAX_WRITE_IDLE_MS,
    keepAliveMaxTimeout: MAX_WRITE_IDLE_MS,
    headersTimeout: 0,
    bodyTimeout: BODY_TIMEOUT_MS,
  });

  return {
    /** @throws UpstreamFailure for every outcome but a response that clients may get */
    async send(
      { body, ...request }: StreamedRequest,
      { signal, timeoutMs, changeBody }: SendOptions,
    ): Promise<StreamedResponse> {
      const timeout = createTimeout(timeoutMs, body);
      const abort = AbortSignal.any([signal, timeout.signal]);
      try {
        const response = await agent.request({ ...request, body: body ?? null, signal: abort });
        checkStatus(response);
        const { statusCode: status, headers, body: stream } = response;
        if (request.method === 'HEAD' || BODYLESS_STATUSES.has(status)) {
          // undici misses the body that the Content-Length of a 304 is about (RFC 9110 §8.6).
          stream.on('error', () => {}).resume();
          return { status, headers, body: null, ended: undefined };
        }
        if (changeBody) return await readChanged(response, changeBody);
        return { status, headers, body: stream, ended: untilEnd(stream) };
      } catch (error) {
        throw toFailure(error, abort);
      } finally {
        timeout.stop();
      }
    },
    close: () => agent.close(),
    destroy: () => agent.destroy(),
  };
}

/** A timeout that begins when the body of the request has been sent. */
function createTimeout(ms: number, body: StreamedRequest['body']) {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const start = () => {
    timer = setTimeout(() => controller.abort(new UpstreamFailure('timeout', `${ms} ms`)), ms);
  };
  if (typeof body === 'object' && body !== null) body.once('end', start);
  else start();
  return {
    signal: controller.signal,
    stop() {
      clearTimeout(timer);
      if (typeof body === 'object' && body !== null) body.off('end', start);
    },
  };
}

/** @throws UpstreamFailure for what clients must not get: errors, redirects, and refusals of this service */
function checkStatus({ statusCode: status, body }: Dispatcher.ResponseData): void {
  const isUsable = status < 300 || status === 304 || (status >= 400 && status < 500);
  if (isUsable && !CALLER_REJECTED_STATUSES.has(status)) return;
  discardBody(body);
  throw new UpstreamFailure('status', `status ${status}`, { status });
}

/** @throws UpstreamFailure `malformed` for a body that is too large or not JSON */
async function readChanged(
  { statusCode: status, headers, body }: Dispatcher.ResponseData,
  change: (bytes: Uint8Array) => string,
): Promise<StreamedResponse> {
  try {
    const bytes = await buffer(limited(body));
    // Writes are often answered without a body.
    if (bytes.length === 0) return { status, headers, body: null, ended: undefined };
    if (!JSON_TYPE.test(String(headers['content-type']))) throw malformed('not JSON');
    if (headers['content-encoding']) throw malformed('compressed');
    return { status, headers, body: change(bytes), ended: undefined };
  } catch (error) {
    discardBody(body);
    throw error instanceof SyntaxError || error instanceof RangeError
      ? malformed('not JSON', error)
      : error;
  }
}

async function* limited(body: Readable): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_CHANGED_BYTES) throw malformed(`more than ${MAX_CHANGED_BYTES} bytes`);
    yield chunk;
  }
}

function untilEnd(body: Readable): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  finished(body, { writable: false }, (error) => (error ? reject(toFailure(error)) : resolve()));
  promise.catch(() => {});
  return promise;
}

function toFailure(error: unknown, signal?: AbortSignal): UpstreamFailure {
  if (signal?.aborted && signal.reason instanceof UpstreamFailure) return signal.reason;
  if (error instanceof UpstreamFailure) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  // The reader has left.
  if (error instanceof errors.RequestAbortedError || code === 'ERR_STREAM_PREMATURE_CLOSE') {
    return abandoned();
  }
  if (error instanceof errors.BodyTimeoutError) return new UpstreamFailure('timeout', message);
  if (error instanceof errors.HTTPParserError || MALFORMED_CODES.has(code)) {
    return malformed(message, error);
  }
  return new UpstreamFailure('connection', message, { cause: error });
}
