import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { target } from '../../src/datasources/target.ts';
import { UpstreamFailure } from '../../src/upstream/errors.ts';
import { createHttpClient } from '../../src/upstream/http-client.ts';
import { until } from '../support/until.ts';

const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n';
const EMPTY_OBJECT =
  'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}';

/** Starts a TCP server, and an HTTP client that sends to it. */
async function startClient(serve: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket.on('error', () => {}).once('close', () => sockets.delete(socket)));
    serve(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = createHttpClient();
  const call = {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    operation: 'o',
    target: target(['o']),
    headers: {},
    timeoutMs: 600_000,
  };
  return {
    /** The number of connections so far, and of those that are open. */
    connections: () => connections,
    openConnections: () => sockets.size,
    send: (
      method: 'GET' | 'POST',
      options: { timeoutMs?: number; baseUrl?: string } = {},
      signal = new AbortController().signal,
    ) => client.send({ ...call, ...options, method }, signal),
    async [Symbol.asyncDispose]() {
      client.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/**
 * Starts an upstream that responds to `maxRequests` requests of each connection, after `delayMs`, and
 * resets the connection when one more arrives, as if that request had crossed an idle timeout.
 */
async function startClosing({ delayMs = 0, maxRequests = 1 } = {}) {
  const methods: string[] = [];
  const client = await startClient((socket) => {
    let requests = 0;
    socket.on('data', (data) => {
      if (requests++ === maxRequests) return void socket.resetAndDestroy();
      methods.push(data.toString().split(' ', 1)[0] ?? '');
      setTimeout(() => socket.write(EMPTY_OBJECT), delayMs);
    });
  });
  return { ...client, methods };
}

describe('The HTTP client of an upstream', () => {
  it('refuses an upstream that switches protocols at once, and keeps no connection to it', async () => {
    await using upstream = await startClient((socket) => {
      socket.on('data', () => socket.write(SWITCHING));
    });
    for (let n = 0; n < 5; n++) {
      await assert.rejects(upstream.send('GET'), { kind: 'connection', message: /upgrade/ });
    }
    await until(() => upstream.openConnections() === 0);
  });

  it('is not disturbed by an abort or a reset after the end of a read', async () => {
    const sockets: Socket[] = [];
    await using upstream = await startClient((socket) => {
      sockets.push(socket);
      socket.on('data', () => socket.write(EMPTY_OBJECT));
    });
    const abort = new AbortController();
    const { body } = await upstream.send('GET', {}, abort.signal);
    abort.abort(new Error('too late'));
    sockets[0]?.resetAndDestroy();
    await until(() => upstream.openConnections() === 0);
    assert.deepEqual(body, {});
    assert.equal((await upstream.send('GET')).status, 200);
  });

  it('fails a response that breaks off in the packet in which it begins', async () => {
    const head =
      'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n';
    await using upstream = await startClient((socket) => {
      socket.on('data', () => socket.write(`${head}not a chunk\r\n`));
    });
    for (let n = 0; n < 5; n++) await assert.rejects(upstream.send('GET'), { kind: 'connection' });
    await until(() => upstream.openConnections() === 0);
  });

  it('ends a read at its timeout while the connection is being opened, and while the response arrives', async () => {
    await using upstream = await startClient((socket) => {
      socket.on('data', () => socket.write(EMPTY_OBJECT.slice(0, -1)));
    });
    await assert.rejects(upstream.send('GET', { timeoutMs: 50 }), { kind: 'timeout' });
    await until(() => upstream.openConnections() === 0);
    // A reserved address (RFC 5737): nothing answers there.
    const baseUrl = 'http://192.0.2.1:9';
    await assert.rejects(upstream.send('GET', { timeoutMs: 50, baseUrl }), UpstreamFailure);
  });

  it('repeats a read on a new connection when the upstream has closed the reused one', async () => {
    await using upstream = await startClosing();
    for (let n = 0; n < 6; n++) assert.equal((await upstream.send('GET')).status, 200);
    assert.deepEqual(upstream.methods, Array(6).fill('GET'));
  });

  it('sends a write once when the upstream has closed the reused connection, and fails it', async () => {
    await using upstream = await startClosing();
    await upstream.send('POST');
    await assert.rejects(upstream.send('POST'), { kind: 'connection' });
    assert.deepEqual(upstream.methods, ['POST']);
  });

  it('closes a connection of writes that is idle, and sends the next write on a new one', async () => {
    await using upstream = await startClosing();
    for (let n = 0; n < 3; n++) {
      assert.equal((await upstream.send('POST')).status, 200);
      await until(() => upstream.openConnections() === 0);
    }
    assert.equal(upstream.connections(), 3);
  });

  it('reuses a connection for writes that follow each other, however long each takes', async () => {
    // Longer than a connection of writes may be idle.
    await using upstream = await startClosing({ delayMs: 100, maxRequests: 3 });
    for (let n = 0; n < 3; n++) assert.equal((await upstream.send('POST')).status, 200);
    assert.equal(upstream.connections(), 1);
  });
});
