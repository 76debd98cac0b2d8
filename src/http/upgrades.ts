import { type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** A connection whose client wants to use WebSocket. */
export interface Upgrade {
  readonly socket: Socket;
  /** The first bytes of the other protocol. */
  readonly head: Buffer;
}

type UpgradeRequest = IncomingMessage & {
  /** Set by node:http for requests that `shouldUpgradeCallback` has accepted. */
  upgrade: boolean;
};

const upgrades = new WeakMap<IncomingMessage, Upgrade>();

/**
 * Routes requests for WebSocket on one path like all others: through the hooks, so that the same guards,
 * limits and log lines apply, to the handler of GET. On all other paths, `Upgrade` is ignored, as it may be
 * (RFC 9110 §7.8).
 */
export function routeUpgrades(app: FastifyInstance, path: string): void {
  const server = app.server as Server & {
    shouldUpgradeCallback: (request: IncomingMessage) => boolean;
  };
  server.shouldUpgradeCallback = ({ url = '', method, headers }) =>
    method === 'GET' &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    (url === path || url.startsWith(`${path}?`));

  server.on('upgrade', (raw: IncomingMessage, socket: Socket, head: Buffer) => {
    app.connections.release(socket);
    socket.on('error', ignore);
    upgrades.set(raw, { socket, head });
    const response = new ServerResponse(raw);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    // A refusal: the connection has no parser for another request.
    response.once('finish', () => socket.destroySoon());
    app.routing(raw, response);
  });
}

/** True for requests whose handler may take the connection. */
export const isUpgrade = (raw: object): boolean => (raw as UpgradeRequest).upgrade === true;

/**
 * Hands over the connection of a request; its response ends when the connection does.
 * @param accept - completes the handshake, or throws the error that the request is answered with
 */
export function handOverConnection(reply: FastifyReply, accept: (upgrade: Upgrade) => void): void {
  const upgrade = upgrades.get(reply.request.raw as IncomingMessage);
  if (!upgrade) throw new Error('The request is not an upgrade');
  accept(upgrade);
  reply.hijack();
  reply.raw.statusCode = 101;
  reply.raw.detachSocket(upgrade.socket);
  upgrade.socket.once('close', () => reply.raw.emit('close'));
}

const ignore = () => undefined;
