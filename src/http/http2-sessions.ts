import type { Server } from 'node:http';
import {
  constants,
  type Http2Session,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { recordConnection } from './http2-request.ts';

/** Time for the client to close its side of an ended session. */
const LINGER_MS = 1_000;

interface Http2Timeouts {
  /** Time for the first request of a session to begin. */
  readonly firstRequestTimeoutMs: number;
  /** Time for a request to arrive. */
  readonly requestTimeoutMs: number;
  /** Time without progress of a request or a response. */
  readonly idleTimeoutMs: number;
}

/**
 * Prepares a server with TLS for HTTP/2: requests know the addresses of their sessions, and each stream has
 * the time limits of an HTTP/1.1 connection. Without them, a client that reads or sends slowly would hold
 * its stream, and the memory of its response, for as long as its session lives.
 */
export function setUpHttp2(server: Server, timeouts: Http2Timeouts): void {
  server.on('session', (session: ServerHttp2Session) => {
    recordConnection(session);
    limitFirstRequest(session, timeouts);
  });
  server.on('stream', (stream: ServerHttp2Stream) => limitStream(stream, timeouts));
  // Over HTTP/1.1 Node does the same if nobody listens; over HTTP/2 it would send a bare 405.
  server.on('connect', (_request, peer) => void peer.destroy());
}

function limitFirstRequest(
  session: ServerHttp2Session,
  { firstRequestTimeoutMs }: Http2Timeouts,
): void {
  const timer = setTimeout(() => endSession(session), firstRequestTimeoutMs);
  const clear = () => clearTimeout(timer);
  session.once('stream', clear);
  session.once('close', clear);
}

function limitStream(stream: ServerHttp2Stream, timeouts: Http2Timeouts): void {
  if (stream.closed || stream.destroyed) return;
  const cancel = () => stream.close(constants.NGHTTP2_CANCEL);
  stream.setTimeout(timeouts.idleTimeoutMs, cancel);
  if (stream.endAfterHeaders) return;
  const timer = setTimeout(cancel, timeouts.requestTimeoutMs);
  const clear = () => clearTimeout(timer);
  stream.once('end', clear);
  stream.once('close', clear);
}

const ending = new WeakSet<Http2Session>();

/**
 * Ends a session after the responses to the requests that have arrived (GOAWAY, RFC 9113 §6.8). Requests
 * that are on their way are not executed: the client knows, and sends them again on another connection.
 * The RFC recommends a GOAWAY before, which still accepts them, but Node ignores new streams after any.
 */
export function endSession(session: Http2Session): void {
  if (session.destroyed || ending.has(session)) return;
  ending.add(session);
  // When all responses are sent, the session is destroyed and forgets its socket. Node then waits for the
  // client to close its side too, which a client may never do.
  const { destroySoon } = session.socket;
  const timer = setInterval(() => {
    if (!session.destroyed) return;
    destroySoon();
    clearInterval(timer);
  }, LINGER_MS).unref();
  session.once('close', () => clearInterval(timer));
  session.close();
}
