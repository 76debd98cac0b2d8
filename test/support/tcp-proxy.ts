import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Starts a TCP server on a free port, which keeps its connections until it is disposed of. */
export async function startListener(serve: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    serve(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: new URL(`redis://127.0.0.1:${(server.address() as AddressInfo).port}`),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Starts a proxy that delays the replies of Redis and keeps their order. */
export async function startProxy({ port }: Pick<URL, 'port'>, delayMs = 0) {
  let ms = delayMs;
  const listener = await startListener((socket) => {
    const redis = connect(Number(port), '127.0.0.1').on('error', () => {});
    redis.on('close', () => socket.destroy());
    socket.on('data', (chunk) => redis.write(chunk)).on('close', () => redis.destroy());
    let last = Promise.resolve();
    redis.on('data', (chunk) => {
      const delayed = sleep(ms);
      last = last.then(() => delayed).then(() => void socket.write(chunk));
    });
  });
  return {
    ...listener,
    delay(next: number) {
      ms = next;
    },
  };
}
