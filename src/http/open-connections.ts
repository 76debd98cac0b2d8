import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { type TLSSocket, Server as TlsServer } from 'node:tls';
import { endSession } from './http2-sessions.ts';

/** Time for a handshake, and then for the first request, while the server closes. */
const FIRST_REQUEST_MS = 1_000;
/** Time for connections to be accepted that wait for it. */
const ACCEPT_MS = 200;

interface Unused {
  readonly openedAt: number;
  readonly end: () => void;
}

export interface OpenConnections {
  /** Leaves a connection to another protocol, which has to end it when the server closes. */
  readonly release: (socket: Socket) => void;
  /** Ends all HTTP/2 sessions. */
  readonly endSessions: () => void;
  /**
   * Prepares for the end of the server, which waits for all connections: from now on, each ends after its
   * requests, or soon after it was opened if it has none.
   */
  readonly close: () => Promise<void>;
}

/**
 * Tracks the connections of a server. What Node itself does when a server closes is not enough:
 *
 * - It keeps connections in their handshake, HTTP/2 sessions that open later, and with TLS, HTTP/1.1
 *   connections without a request. Without TLS it destroys those, even if their request is on its way.
 * - It destroys HTTP/1.1 connections whose response is complete, although the client has not got all of it.
 * - It accepts one connection in each turn of the event loop, and those that wait for it are reset.
 */
export function trackConnections(server: Server): OpenConnections {
  /**
   * HTTP/1.1 connections that have had a request, with the latest response while it is in progress. A complete
   * one would keep its request and all that belongs to it, 30 to 40 kB, in memory until the next request.
   */
  const responses = new Map<Socket, ServerResponse | undefined>();
  const sessions = new Set<ServerHttp2Session>();
  /** By the socket, by the session, or during a handshake, by the client's address and port. */
  const unused = new Map<unknown, Unused>();
  let isClosing = false;
  let hasAccepted = false;

  function limit(key: unknown, connection: Unused): void {
    const ms = Math.max(0, connection.openedAt + FIRST_REQUEST_MS - performance.now());
    setTimeout(() => unused.get(key) === connection && connection.end(), ms).unref();
  }

  function add(key: unknown, opened: Socket | ServerHttp2Session, end: () => void): void {
    const connection = { openedAt: performance.now(), end };
    unused.set(key, connection);
    opened.once('close', () => unused.delete(key));
    if (isClosing) limit(key, connection);
  }

  function addHttp1(socket: Socket): void {
    add(socket, socket, () => socket.destroy());
    socket.once('close', () => responses.delete(socket));
  }

  function addSession(session: ServerHttp2Session): void {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
    add(session, session, () => endSession(session));
    session.once('stream', (stream) => {
      unused.delete(session);
      if (isClosing) stream.once('close', () => endSession(session));
    });
  }

  function forgetResponse(this: ServerResponse): void {
    const { socket } = this.req;
    if (responses.get(socket) !== this) return;
    responses.set(socket, undefined);
    if (isClosing) socket.destroySoon();
  }

  server.on('connection', (socket: Socket) => {
    hasAccepted = true;
    if (server instanceof TlsServer) add(addressOf(socket), socket, () => socket.destroy());
    else addHttp1(socket);
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    unused.delete(addressOf(socket));
    if (socket.alpnProtocol !== 'h2') addHttp1(socket);
  });
  server.on('request', ({ socket, httpVersionMajor }: IncomingMessage, response) => {
    if (httpVersionMajor !== 1) return;
    if (!responses.has(socket)) unused.delete(socket);
    responses.set(socket, response);
    response.on('close', forgetResponse);
  });
  server.on('session', addSession);

  async function acceptWaiting(): Promise<void> {
    const startedAt = performance.now();
    // The rest of the current turn, in which none may be accepted.
    await setImmediate();
    do {
      hasAccepted = false;
      await setImmediate();
    } while (hasAccepted && performance.now() - startedAt < ACCEPT_MS);
  }

  return {
    release(socket) {
      unused.delete(socket);
      responses.delete(socket);
    },
    endSessions: () => sessions.forEach(endSession),
    async close() {
      isClosing = true;
      await acceptWaiting();
      // Called by `close`; the next line is for the same connections.
      server.closeIdleConnections = () => {};
      for (const [socket, response] of responses) if (!response) socket.destroySoon();
      for (const session of sessions) if (!unused.has(session)) endSession(session);
      for (const [key, connection] of unused) limit(key, connection);
    },
  };
}

/** The same for a TLS connection and the one that carries it. */
const addressOf = ({ remoteAddress, remotePort }: Socket): string =>
  `${remoteAddress} ${remotePort}`;
