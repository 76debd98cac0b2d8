import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants } from 'node:http2';
import { hasBody } from './counted-request.ts';
import { CountedHttp2Request } from './http2-request.ts';

/** Time to read the rest of a refused request's body, so that its client can read the response. */
const LINGER_MS = 1_000;

/**
 * Reads the rest of a refused request's body for LINGER_MS at most.
 * @param maxBytes - the length up to which a body may leave an HTTP/1.1 connection open
 * @param onRead - called when the rest has been read, or the connection or the stream is closed
 */
export function endUnreadBody(
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes: number,
  onRead: () => void,
): void {
  if (request.complete || request.destroyed || !hasBody(request)) return;
  if (request instanceof CountedHttp2Request) endUnreadStream(request, onRead);
  else endUnreadMessage(request, response, maxBytes, onRead);
}

/**
 * A body whose announced length is within the limit leaves a kept connection open if it arrives in time: it
 * has usually been sent already, and a reconnection for each refusal would make overload worse. After any
 * other body the connection is closed, whether the client has read the response or not.
 */
function endUnreadMessage(
  request: IncomingMessage,
  response: ServerResponse,
  maxBytes: number,
  onRead: () => void,
): void {
  const { socket, headers } = request;
  const bytes = Number(headers['content-length'] ?? Number.POSITIVE_INFINITY);
  const staysOpen = response.shouldKeepAlive && bytes <= maxBytes;
  if (!staysOpen) {
    response.shouldKeepAlive = false;
    // node:http would destroy the connection after the response. While the client is still sending, this
    // resets the connection, and the client may lose the response.
    socket.destroySoon = () => socket.end();
  }
  const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
  const finish = () => {
    clearTimeout(timer);
    socket.off('close', finish);
    onRead();
  };
  socket.once('close', finish);
  request.once('end', staysOpen ? finish : onRead);
  // node:http would discard the rest without counting it.
  request.resume();
}

/** Over HTTP/2 a body costs its stream only, whatever its length is. */
function endUnreadStream(request: CountedHttp2Request, onRead: () => void): void {
  const { stream } = request;
  // After the response, this asks the client to send no more (RFC 9113 §8.1).
  const timer = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), LINGER_MS).unref();
  stream.once('close', () => {
    clearTimeout(timer);
    onRead();
  });
  request.resume();
}
