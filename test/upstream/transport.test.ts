import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import pino from 'pino';
import { createTransport } from '../../src/upstream/transport.ts';
import { combineWaiters, WaiterGroup } from '../../src/upstream/waiter-group.ts';
import { until } from '../support/until.ts';
import { createCallers } from './controlled-upstream.ts';

it('a call that was abandoned says nothing for an instance', async () => {
  const fates = ['503', '503', 'hang', '503'];
  let bad = 0;
  const start = async (handle: (response: ServerResponse) => void) => {
    const server = createServer((_request, response) => handle(response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { server, url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`) };
  };
  const a = await start((response) => {
    const fate = fates[bad++] ?? '503';
    if (fate === '503') response.writeHead(503).end();
  });
  const b = await start((response) =>
    response.setHeader('content-type', 'application/json').end('{}'),
  );
  using callers = createCallers();
  const attempts = createTransport({
    name: 'x',
    urls: [a.url, b.url],
    dnsServers: [],
    token: undefined,
    log: pino({ level: 'silent' }),
  });
  const send = () => {
    const call = callers.call();
    const party = new WaiterGroup<void>();
    void party.join(call).catch(() => {});
    const sent = attempts.send(
      {
        operation: 'o',
        method: 'GET',
        target: '/',
        timeoutMs: 30_000,
        minBudgetMs: 0,
        isForViewer: false,
      },
      combineWaiters([party]),
      () => 1,
    );
    return { sent: sent.catch(() => {}), call };
  };
  // They take turns: A, B, A, B …
  for (let n = 0; n < 8; n++) {
    const before = bad;
    const { sent, call } = send();
    if (n === 4) {
      await until(() => bad > before);
      call.deadline.release();
    }
    await sent;
  }
  assert.equal(bad, 4);
  for (let n = 0; n < 4; n++) await send().sent;
  const seen = bad;
  attempts.close();
  for (const { server } of [a, b]) {
    server.closeAllConnections();
    server.close();
  }
  assert.equal(seen, 4, 'A failed three times that say something, and is left out');
});
