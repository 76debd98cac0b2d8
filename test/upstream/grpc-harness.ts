import { once } from 'node:events';
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { createNotificationService } from '../../services/notification/service.ts';
import type { ServiceOptions } from '../../services/support/stand-in.ts';
import { NotificationService } from '../../src/datasources/generated/notification-grpc.ts';
import { target } from '../../src/datasources/target.ts';
import type { ClientCall } from '../../src/upstream/client.ts';
import { createGrpcClient } from '../../src/upstream/grpc-client.ts';

/** A successful response without a message of its own: the envelope of an empty message. */
const EMPTY_MESSAGE = Buffer.alloc(5);

/** A call whose request and response fit every server of this file. */
export const call = (baseUrl: string, changed: Partial<ClientCall> = {}): ClientCall => ({
  baseUrl,
  operation: 'announcements',
  method: 'GET',
  target: target(['announcements']),
  headers: { 'x-request-timeout-ms': '5000' },
  timeoutMs: 600_000,
  ...changed,
});

/** Starts the notification service and a gRPC client; `await using` closes both. */
export async function startGrpcService(options: ServiceOptions = {}) {
  const service = await createNotificationService(options);
  const baseUrl = await service.listen({ host: '127.0.0.1', port: 0 });
  const client = createGrpcClient(NotificationService);
  return {
    control: service.control,
    send: (changed: Partial<ClientCall> = {}, { signal } = new AbortController()) =>
      client.send(call(baseUrl.replace('http:', 'grpc:'), changed), signal),
    async [Symbol.asyncDispose]() {
      client.close();
      await service.close();
    },
  };
}

/** Starts an HTTP/2 server that a test controls, and a gRPC client. */
export async function startHttp2Server(
  respond: (stream: ServerHttp2Stream, index: number) => void,
) {
  let requests = 0;
  let connections = 0;
  const sockets = new Set<Socket>();
  const server: Http2Server = createServer();
  server.on('connection', (socket: Socket) => {
    connections++;
    sockets.add(socket.once('close', () => sockets.delete(socket)));
  });
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {});
    respond(stream, requests++);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = createGrpcClient(NotificationService);
  const baseUrl = `grpc://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const closeConnections = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    requests: () => requests,
    /** The number of connections so far, and of those that are open. */
    connections: () => connections,
    openConnections: () => sockets.size,
    closeConnections,
    send: (method: ClientCall['method']) =>
      client.send(call(baseUrl, { method }), new AbortController().signal),
    async [Symbol.asyncDispose]() {
      client.close();
      closeConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function succeed(stream: ServerHttp2Stream): void {
  const headers = { ':status': 200, 'content-type': 'application/grpc+proto' };
  stream.respond(headers, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(EMPTY_MESSAGE);
}
