/*
 * The memory of idle connections. A process of its own, because all objects of a class are counted.
 */
import assert from 'node:assert/strict';
import { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { queryObjects } from 'node:v8';
import { pino } from 'pino';
import { CountedRequest } from '../../src/http/counted-request.ts';
import { createApp } from '../../src/http/create-app.ts';
import { until } from '../support/until.ts';

const CONNECTIONS = 10;
const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

/** Collects garbage, and counts the requests and responses that are left. */
const countMessages = (): number =>
  queryObjects(CountedRequest, { format: 'count' }) +
  queryObjects(ServerResponse, { format: 'count' });

describe('An idle HTTP/1.1 connection', () => {
  it('keeps nothing of its last request in memory', async (test) => {
    const app = createApp({ log: pino({ level: 'silent' }), notFoundMessage: () => 'Nothing.' });
    app.get('/', async () => ({ ok: true }));
    const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
    test.after(() => app.close());
    const before = countMessages();
    let answered = 0;
    const sockets = Array.from({ length: CONNECTIONS }, () => {
      const socket = connect({ host: '127.0.0.1', port: Number(port) });
      socket.write(REQUEST);
      return socket.on('data', () => answered++);
    });
    test.after(() => {
      for (const socket of sockets) socket.destroy();
    });
    await until(() => answered === CONNECTIONS);
    await until(() => countMessages() === before);
    assert.ok(
      sockets.every((socket) => socket.writable && socket.readable),
      'all are open',
    );
  });
});
