import type { Server } from 'node:http';
import { createServer as createHttp2Server, type Http2Session } from 'node:http2';
import type { Socket } from 'node:net';

/** The first bytes of an HTTP/2 connection (RFC 9113 §3.4); no HTTP/1.1 request begins like this. */
const HTTP2_PREFACE = 'PRI * HTTP/2.0';
const CLOSE_TIMEOUT_MS = 100;

/**
 * Lets an HTTP/1.1 server accept HTTP/2 without TLS on the same port, from clients that know that it
 * does (RFC 9113 §3.3).
 * @param listener - handles the requests over HTTP/2
 * @returns a function that closes the HTTP/2 connections, after their calls or after a tenth of a second
 */
export function acceptHttp2(server: Server, listener: Parameters<typeof createHttp2Server>[1]) {
  const http2 = createHttp2Server(listener);
  const sessions = new Set<Http2Session>();
  http2.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  const http1Listeners = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    const ignoreError = () => {};
    socket.on('error', ignoreError);
    socket.once('readable', () => {
      const first: Buffer | null = socket.read();
      socket.off('error', ignoreError);
      if (first) socket.unshift(first);
      if (first?.toString('latin1').startsWith(HTTP2_PREFACE)) http2.emit('connection', socket);
      else for (const accept of http1Listeners) accept.call(server, socket);
    });
  });
  return async () => {
    await Promise.all([...sessions].map(close));
  };
}

async function close(session: Http2Session): Promise<void> {
  // Its client has left; its `close` would call nobody back.
  if (session.destroyed) return;
  const closed = Promise.withResolvers<void>();
  const timer = setTimeout(() => session.destroy(), CLOSE_TIMEOUT_MS);
  session.close(closed.resolve);
  await closed.promise;
  clearTimeout(timer);
}
