import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import pino from 'pino';
import { target } from '../../src/datasources/target.ts';
import { createTransport } from '../../src/upstream/transport.ts';
import { combineWaiters, WaiterGroup } from '../../src/upstream/waiter-group.ts';
import { createTestMetrics } from '../support/metrics.ts';
import { until } from '../support/until.ts';
import { createCallers } from './controlled-upstream.ts';
import { startServer } from './upstream-harness.ts';

describe('The transport', () => {
  it('counts an abandoned call neither for nor against its instance', async () => {
    await using failing = await startServer((_request, response, index) => {
      if (index !== 2) response.writeHead(503).end();
    });
    await using healthy = await startServer((_request, response) => response.end('{}'));
    using callers = createCallers();
    const transport = createTransport({
      name: 'library',
      urls: [new URL(failing.origin), new URL(healthy.origin)],
      dnsServers: [],
      metrics: createTestMetrics().upstreams,
      log: pino({ level: 'silent' }),
    });
    const send = () => {
      const call = callers.call();
      const group = new WaiterGroup<void>();
      void group.join(call).catch(() => {});
      const sent = transport.send(
        {
          operation: 'o',
          method: 'GET',
          target: target(['o']),
          timeoutMs: 30_000,
          minBudgetMs: 0,
          isForViewer: false,
        },
        combineWaiters([group]),
        () => 1,
      );
      return { sent: sent.catch(() => {}), call };
    };
    // The instances take turns. The third call of the failing one hangs, and is abandoned.
    for (let n = 0; n < 8; n++) {
      const { sent, call } = send();
      if (n === 4) {
        await until(() => failing.requests() === 3);
        call.deadline.release();
      }
      await sent;
    }
    assert.equal(failing.requests(), 4);
    for (let n = 0; n < 4; n++) await send().sent;
    transport.close();
    assert.equal(failing.requests(), 4, 'ejected after three failures');
  });
});
