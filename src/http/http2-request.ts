import { type IncomingMessage, METHODS } from 'node:http';
import {
  Http2ServerRequest,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { peerThumbprintOf, type RecordedConnection } from './peer-certificate.ts';

/** What the rest of the server reads from the socket of a request. */
type Connection = RecordedConnection &
  Partial<
    Pick<TLSSocket, 'remoteAddress' | 'remotePort' | 'localAddress' | 'localPort' | 'encrypted'>
  >;

/** Those of HTTP/1.1; node:http refuses others before there is a request. */
const KNOWN_METHODS = new Set(METHODS);
/** Has no route in any application, since Fastify does not support it. */
const UNROUTED_METHOD = 'UNLINK';

const connections = new WeakMap<object, Connection>();
/** For a stream whose session has ended before its request was read. */
const NO_CONNECTION: Connection = { remoteAddress: '', encrypted: true };

/**
 * Remembers the addresses of a session and its client's certificate, since Node forgets them when the
 * session ends.
 */
export function recordConnection(session: ServerHttp2Session): void {
  const socket = session.socket as TLSSocket;
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  const addresses = { remoteAddress, remotePort, localAddress, localPort } as Connection;
  const certificateThumbprint = peerThumbprintOf(socket);
  connections.set(session, { ...addresses, encrypted: true, certificateThumbprint });
}

/** A request by HTTP/2 that counts the bytes of its body as they arrive, like CountedRequest. */
export class CountedHttp2Request extends Http2ServerRequest {
  bodyBytes = 0;
  chargedBytes = 0;
  /** Addresses that stay known after the session has ended; faster than Node's proxy of the socket. */
  override readonly socket: TLSSocket;
  /** Undefined if `method` is that of the client. */
  readonly #unknownMethod: string | undefined;

  constructor(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    options: object,
    rawHeaders: readonly string[],
  ) {
    // Over HTTP/2 a body needs no header. Fastify and hasBody look for one; no client can have sent this
    // one, which HTTP/2 forbids (RFC 9113 §8.2.2).
    if (!stream.endAfterHeaders && headers['content-length'] === undefined) {
      headers['transfer-encoding'] = 'chunked';
    }
    super(stream, headers, options, rawHeaders);
    this.socket = ((stream.session && connections.get(stream.session)) ??
      NO_CONNECTION) as TLSSocket;
    // Fastify calls no hooks for a method that its router does not know.
    if (!KNOWN_METHODS.has(this.method)) {
      this.#unknownMethod = this.method;
      this.headers[':method'] = UNROUTED_METHOD;
    }
  }

  /** Makes `method` the one that the client has sent, after routing. */
  restoreMethod(): void {
    if (this.#unknownMethod !== undefined) this.headers[':method'] = this.#unknownMethod;
  }

  /** Called by node:http2 with each piece of the body, and with null at its end. */
  override push(chunk: Buffer | null): boolean {
    if (chunk !== null) this.bodyBytes += chunk.length;
    return super.push(chunk);
  }
}

/** Not by the version alone: an HTTP/1.1 connection may claim any. */
export const isHttp2 = (
  request: IncomingMessage,
): request is IncomingMessage & CountedHttp2Request =>
  request.httpVersion !== '1.1' && request instanceof CountedHttp2Request;
