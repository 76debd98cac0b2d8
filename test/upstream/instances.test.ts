import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { mobile } from '../../bff-mobile/bff.ts';
import { createOrderService } from '../../services/order/service.ts';
import { type Environment, startEnvironment } from '../support/environment.ts';
import { until } from '../support/until.ts';

const ORDERS = '{ dashboard { orders { id } } }';
const PLACE = `mutation ($key: ID!) {
  placeOrder(input: { idempotencyKey: $key, currency: "EUR", items: [{ sku: "PAPER-NOTE", quantity: 1 }] }) { order { id } }
}`;

async function askTimes(environment: Environment, times: number) {
  const failures: unknown[] = [];
  for (let n = 0; n < times; n++) {
    const { body } = await environment.send(ORDERS, { as: String(100 + n) });
    if (body.errors) failures.push(body);
  }
  return failures;
}

describe('several instances', () => {
  async function startTwo() {
    const second = await createOrderService();
    const secondUrl = await second.listen({ host: '127.0.0.1', port: 0 });
    const first = await createOrderService();
    const firstUrl = await first.listen({ host: '127.0.0.1', port: 0 });
    const environment = await startEnvironment(mobile, {
      ORDER_SERVICE_URL: `${firstUrl},${secondUrl}`,
    });
    return {
      environment,
      first,
      second,
      counts: () => [first, second].map((one) => one.control.requests().total),
      async [Symbol.asyncDispose]() {
        await environment[Symbol.asyncDispose]();
        await Promise.all([first.close(), second.close()]);
      },
    };
  }

  it('take turns when they are idle', async () => {
    await using two = await startTwo();
    await askTimes(two.environment, 10);
    assert.deepEqual(two.counts(), [5, 5]);
  });

  it('get less to do while they are slower', async () => {
    await using two = await startTwo();
    await askTimes(two.environment, 4);
    two.first.control.faults({ '*': { hang: true } });
    const waiting = two.environment.send(ORDERS, { as: '100' });
    await until(() => two.counts()[0] === 3);
    const other = two.environment.send(ORDERS, { as: '101' });
    await Promise.all([waiting, other]);
    two.first.control.clear();
    assert.ok((two.counts()[1] ?? 0) >= 3);
  });

  it('that fail are left out, and nobody notices', async () => {
    await using two = await startTwo();
    await askTimes(two.environment, 60);
    await two.first.close();
    assert.deepEqual(await askTimes(two.environment, 40), []);
  });

  it('that answer wrongly, but fast, are left out as well', async () => {
    for (const fault of [{ status: 429 }, { body: 'html' }] as const) {
      await using two = await startTwo();
      await askTimes(two.environment, 20);
      two.first.control.faults({ '*': fault });
      await askTimes(two.environment, 10);
      assert.deepEqual(await askTimes(two.environment, 10), [], JSON.stringify(fault));
    }
  });

  for (const [what, fault, deadline] of [
    ['whose clients do not wait', { delayMs: 200 }, '50'],
    ['that refuse one viewer', { status: 429 }, '5000'],
  ] as const) {
    it(`are not left out because of writes ${what}`, async () => {
      await using two = await startTwo();
      two.first.control.faults({ placeOrder: fault });
      const headers = { 'x-request-timeout-ms': deadline };
      for (let n = 0; n < 12; n++) {
        await two.environment.send(PLACE, { as: '100', headers, variables: { key: `key-${n}` } });
      }
      await sleep(300);
      const before = two.counts();
      await askTimes(two.environment, 10);
      const spread = two.counts().map((count, n) => count - (before[n] ?? 0));
      assert.deepEqual(spread, [5, 5]);
    });
  }
});
