import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
// The package itself also loads fetch, WebSocket and caches: 10 MB.
import Agent from 'undici/lib/dispatcher/agent.js';
import type { ClientTls } from '../config/index.ts';
import { ClosedConnection } from './client.ts';
import { UpstreamFailure } from './errors.ts';
import { abandoned } from './waiter-group.ts';

/** The idle time after which a connection is closed, unless the upstream names a shorter one. */
const MAX_IDLE_MS = 60_000;
/** Error codes of a connection that the upstream has closed. */
const CLOSED_CONNECTION_CODES = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

interface ReadOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** The time until all of the response has arrived, in milliseconds. */
  readonly timeoutMs: number;
  /** Ends the read with its reason. */
  readonly signal: AbortSignal;
}

/** The connections of an upstream's reads. */
export class ReadConnections {
  readonly #agent: Dispatcher;
  /** True while undici sends the first request of a connection that it has just opened. */
  #isNew = false;

  /** @param isReused - false for a connection of its own for each read */
  constructor(tls: ClientTls, isReused: boolean) {
    this.#agent = new Agent({
      connect: { ...tls },
      pipelining: isReused ? 1 : 0,
      keepAliveTimeout: MAX_IDLE_MS,
      // An exchange has a timeout of its own.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.#agent.on('connect', () => {
      this.#isNew = true;
      queueMicrotask(() => {
        this.#isNew = false;
      });
    });
  }

  /** True if the request that starts now is not the first one of its connection. */
  isReused(): boolean {
    const isReused = !this.#isNew;
    this.#isNew = false;
    return isReused;
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    this.#agent.dispatch(options, handler);
  }

  close(): void {
    void this.#agent.destroy();
  }
}

/** A response as got reads it. */
class ReadResponse extends Readable {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  readonly #controller: Dispatcher.DispatchController;
  /** True if all of it has arrived. */
  complete = false;

  constructor(
    controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: IncomingHttpHeaders,
  ) {
    // Nothing has to be closed at its end.
    super({ autoDestroy: false, emitClose: false });
    this.#controller = controller;
    this.statusCode = statusCode;
    this.headers = headers;
    // It may fail before got listens.
    this.on('error', () => {});
  }

  override _read(): void {
    this.#controller.resume();
  }

  add(chunk: Buffer): void {
    if (!this.push(chunk)) this.#controller.pause();
  }

  end(): void {
    this.complete = true;
    this.push(null);
  }
}

/**
 * The transport of one read: got prepares the request and checks the response, and undici sends and
 * receives, which takes half of the time of `node:http` with got's own timeout and abort. The read
 * ends at its timeout, or when its signal is aborted, also while the connection is being opened.
 */
export class ReadExchange implements Dispatcher.DispatchHandler {
  readonly #connections: ReadConnections;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #timeout: NodeJS.Timeout;
  readonly #signal: AbortSignal;
  /** Undefined until got sends the request. */
  #response: PromiseWithResolvers<ReadResponse> | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #body: ReadResponse | undefined;
  #isReused = false;
  #isOver = false;
  /** Called once if the read fails. */
  onFailure: (failure: unknown) => void = () => {};

  constructor(connections: ReadConnections, { headers, timeoutMs, signal }: ReadOptions) {
    this.#connections = connections;
    this.#headers = headers;
    this.#signal = signal;
    this.#timeout = setTimeout(() => {
      this.fail(new UpstreamFailure('timeout', `no response within ${timeoutMs} ms`));
    }, timeoutMs);
    signal.addEventListener('abort', this.#abort);
  }

  readonly #abort = (): void => this.fail(this.#signal.reason);

  /** Sends the request. For got's option `request`. */
  readonly send = ({ origin, pathname, search }: URL): Promise<ReadResponse> => {
    const request = {
      origin,
      path: pathname + search,
      method: 'GET',
      headers: this.#headers,
    } as const;
    this.#response = Promise.withResolvers();
    if (this.#signal.aborted) this.#abort();
    else this.#connections.dispatch(request, this);
    return this.#response.promise;
  };

  /** Ends the read, whatever its state. */
  fail(failure: unknown): void {
    if (this.#isOver) return;
    this.#settle();
    this.onFailure(failure);
    this.#controller?.abort(failure as Error);
    this.#body?.destroy(failure as Error);
    this.#response?.reject(failure);
  }

  #settle(): void {
    this.#isOver = true;
    clearTimeout(this.#timeout);
    this.#signal.removeEventListener('abort', this.#abort);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#isReused = this.#connections.isReused();
    if (this.#isOver) controller.abort(abandoned());
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: IncomingHttpHeaders,
  ): void {
    // An interim response (RFC 9110 §15.2), which another one follows.
    if (statusCode < 200) return;
    this.#body = new ReadResponse(controller, statusCode, headers);
    this.#response?.resolve(this.#body);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body?.add(chunk);
  }

  onResponseEnd(): void {
    if (this.#isOver) return;
    this.#settle();
    this.#body?.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const { code = '' } = error as NodeJS.ErrnoException;
    const isClosed = this.#isReused && !this.#body && CLOSED_CONNECTION_CODES.has(code);
    const { message } = error;
    this.fail(
      isClosed
        ? new ClosedConnection(error)
        : new UpstreamFailure('connection', message, { cause: error }),
    );
  }
}
