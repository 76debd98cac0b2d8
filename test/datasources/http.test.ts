import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { it } from 'node:test';
import { createHttpClient } from '../../src/datasources/http.ts';
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
    await assert.rejects(client.exchange(call, signal), { kind: 'status', status: 101 });
  }
  await until(() => sockets.size === 0);
  client.close();
});
