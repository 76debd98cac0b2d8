import {
  Http2ServerRequest,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { TLSSocket } from 'node:tls';

/** What the rest of the server reads from the socket of a request. */
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
    // Over HTTP/2 a body needs no header. Fastify and hasBody look for one; no client can have sent this
    // one, which HTTP/2 forbids (RFC 9113 §8.2.2).
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
