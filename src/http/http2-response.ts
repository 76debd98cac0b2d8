import {
  constants,
  Http2ServerRequest,
  Http2ServerResponse,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { TLSSocket } from 'node:tls';

/** Time for a client to read what was written, and the rate that it needs besides. */
const READ_TIMEOUT_MS = 15_000;
const MIN_BYTES_PER_SECOND = 16 * 1_024;

/** The part of a connection that its requests are asked about. */
type Connection = Partial<
  Pick<TLSSocket, 'remoteAddress' | 'remotePort' | 'localAddress' | 'localPort' | 'encrypted'>
>;

const connections = new WeakMap<object, Connection>();
/** For a stream whose session has ended before its request was read. */
const NO_CONNECTION: Connection = { remoteAddress: '', encrypted: true };

/** Remembers the addresses of a session, since Node forgets them when the session ends. */
export function recordConnection(session: ServerHttp2Session): void {
  const { remoteAddress, remotePort, localAddress, localPort } = session.socket as TLSSocket;
  const addresses = { remoteAddress, remotePort, localAddress, localPort } as Connection;
  connections.set(session, { ...addresses, encrypted: true });
}

/** A request by HTTP/2 that counts the bytes of its body as they arrive, like CountedRequest. */
export class CountedHttp2Request extends Http2ServerRequest {
  bodyBytes = 0;
  chargedBytes = 0;
  /** Addresses that stay known after the session has ended; faster than Node's proxy of the socket. */
  override readonly socket: TLSSocket;

  constructor(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    options: object,
    rawHeaders: readonly string[],
  ) {
    // A body needs no Content-Length. HTTP/1.1 announces such a body with this header, which HTTP/2
    // forbids, so that the rest of the server finds every body in the same way.
    if (!stream.endAfterHeaders && headers['content-length'] === undefined) {
      headers['transfer-encoding'] = 'chunked';
    }
    super(stream, headers, options, rawHeaders);
    this.socket = ((stream.session && connections.get(stream.session)) ??
      NO_CONNECTION) as TLSSocket;
  }

  /** Called by node:http2 with each piece of the body, and with null at its end. */
  override push(chunk: Buffer | null): boolean {
    if (chunk !== null) this.bodyBytes += chunk.length;
    return super.push(chunk);
  }
}

/**
 * A response by HTTP/2 that can be asked whether its client has left (`closed`, `writableFinished`), like
 * node:http's, and that gives up on a client that does not read it. Node's own timeout of a stream does not pass while
 * another stream of the session, or a PING, makes progress.
 */
export class ClosableHttp2Response extends Http2ServerResponse {
  #readTimer: NodeJS.Timeout | undefined;

  /**
   * Sends a flat list of headers as it is. Node's own way, which looks each of them up and waits for
   * trailers, takes a quarter more CPU for a stored response.
   */
  override writeHead(status: number, ...[headers]: unknown[]): this {
    if (!Array.isArray(headers)) return super.writeHead(status, headers as OutgoingHttpHeaders);
    const { stream } = this;
    if (stream.closed || stream.destroyed) return this;
    this.statusCode = status;
    stream.respond([':status', String(status), ...headers] as never);
    return this;
  }

  /** Called by `end`, too. */
  override write(chunk: string | Uint8Array, ...rest: unknown[]): boolean {
    this.#limitReading(chunk.length);
    return super.write(chunk, ...(rest as []));
  }

  #limitReading(bytes: number): void {
    const { stream } = this;
    if (this.#readTimer) clearTimeout(this.#readTimer);
    else stream.once('close', () => clearTimeout(this.#readTimer));
    const ms = READ_TIMEOUT_MS + (bytes / MIN_BYTES_PER_SECOND) * 1_000;
    this.#readTimer = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), ms).unref();
  }
}

// Node's class has no `closed`, although its type has it, and takes a response whose stream was reset for
// a finished one.
Object.defineProperties(ClosableHttp2Response.prototype, {
  closed: {
    get(this: Http2ServerResponse) {
      return this.stream.closed || this.stream.destroyed;
    },
  },
  writableFinished: {
    get(this: Http2ServerResponse) {
      return this.stream.writableFinished && this.stream.rstCode === constants.NGHTTP2_NO_ERROR;
    },
  },
});
