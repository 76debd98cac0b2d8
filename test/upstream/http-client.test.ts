import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createHttpClient } from '../../src/upstream/http-client.ts';
import { until } from '../support/until.ts';

const SWITCHING = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n';

it('an upstream that switches protocols is refused at once, and keeps no connection', async () => {
  const sockets = new Set<Socket>();
  await using server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}).once('close', () => sockets.delete(socket)));
    socket.on('data', () => socket.write(SWITCHING));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = createHttpClient();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const call = { url, method: 'GET', headers: {}, timeoutMs: 600_000 } as const;
  for (let n = 0; n < 5; n++) {
    const { signal } = new AbortController();
    await assert.rejects(client.send(call, signal), { kind: 'status', status: 101 });
  }
  await until(() => sockets.size === 0);
  client.close();
});

/**
 * An upstream that answers the first request of each connection, after `delayMs`, and closes the
 * connection when a second one arrives: the client sees what it sees if the two cross on the way.
 */
async function startClosing({ delayMs = 0, maxRequests = 1 } = {}) {
  const requests: string[] = [];
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    let seen = 0;
    socket.on('error', () => {});
    socket.on('data', (data) => {
      if (seen++ === maxRequests) return void socket.resetAndDestroy();
      requests.push(data.toString().split(' ', 1)[0] ?? '');
      setTimeout(() => socket.write(EMPTY_OBJECT), delayMs);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = createHttpClient();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    requests,
    connections: () => connections,
    exchange: (method: 'GET' | 'POST') =>
      client.send({ url, method, headers: {}, timeoutMs: 600_000 }, new AbortController().signal),
    async [Symbol.asyncDispose]() {
      client.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

const EMPTY_OBJECT =
  'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}';

describe('a reused connection that the upstream has closed', () => {
  it('costs a read nothing: it is repeated on a new connection', async () => {
    await using upstream = await startClosing();
    for (let n = 0; n < 6; n++) assert.equal((await upstream.exchange('GET')).status, 200);
    assert.deepEqual(upstream.requests, Array(6).fill('GET'));
  });

  it('fails a write that may have arrived, and sends it once', async () => {
    await using upstream = await startClosing();
    await upstream.exchange('POST');
    await assert.rejects(upstream.exchange('POST'), { kind: 'connection' });
    assert.deepEqual(upstream.requests, ['POST']);
  });

  it('is not used by a write once it has been idle', async () => {
    await using upstream = await startClosing();
    for (let n = 0; n < 3; n++) {
      assert.equal((await upstream.exchange('POST')).status, 200);
      await sleep(150);
    }
    assert.equal(upstream.connections(), 3);
  });
});

it('writes that follow each other share a connection, however long each takes', async () => {
  await using upstream = await startClosing({ delayMs: 150, maxRequests: 3 });
  for (let n = 0; n < 3; n++) assert.equal((await upstream.exchange('POST')).status, 200);
  assert.equal(upstream.connections(), 1);
});
