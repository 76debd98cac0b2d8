import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { mobile } from '../../bff-mobile/bff.ts';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { RetryBudget } from '../../src/upstream/resilience.ts';
import { type Environment, startEnvironment, type TestResponse } from '../support/environment.ts';
import { until } from '../support/until.ts';

const ORDERS = '{ dashboard { orders { id } } }';
const PLACE = `mutation ($key: ID!) {
  placeOrder(input: { idempotencyKey: $key, currency: "EUR", items: [{ sku: "PAPER-NOTE", quantity: 1 }] }) { order { id } }
}`;
const RECENT = '{ recentOrders(first: 1) { id } }';

const codeOf = ({ body }: TestResponse): string => body.errors?.[0].extensions.code ?? 'none';
const askTimes = async (environment: Environment, times: number, query = ORDERS) => {
  const answers: TestResponse[] = [];
  for (let n = 0; n < times; n++) {
    answers.push(await environment.send(query, { as: String(100 + (n % 800)) }));
  }
  return answers;
};
/** Places another order with each call. */
function createPlacer(environment: Environment) {
  let placed = 0;
  return (headers = {}) =>
    environment.send(PLACE, { as: CAST.customer, variables: { key: `key-${placed++}` }, headers });
}
const callsOf = (environment: Environment, operation: string) =>
  environment.services.order.control.requests().routes[operation] ?? 0;

describe('retries', () => {
  it('hide the occasional failure of a read', async () => {
    await using environment = await startEnvironment(mobile);
    environment.services.order.control.faults({ ordersByUsers: { errorRate: 0.05, status: 503 } });
    const answers = await askTimes(environment, 100);
    assert.deepEqual(
      answers.filter((answer) => codeOf(answer) !== 'none'),
      [],
    );
    assert.ok(callsOf(environment, 'ordersByUsers') > 100);
  });

  it('cost an upstream that fails all at most a tenth more', async () => {
    await using environment = await startEnvironment(mobile);
    await environment.send(ORDERS, { as: CAST.customer });
    environment.reset();
    environment.services.order.control.faults({ '*': { status: 500 } });
    const answers = await askTimes(environment, 200);
    assert.ok(answers.every((answer) => codeOf(answer) === 'UPSTREAM_UNAVAILABLE'));
    assert.ok(callsOf(environment, 'ordersByUsers') <= 200 * 1.1 + 1);
  });

  it('are never made of a change', async () => {
    await using environment = await startEnvironment(web);
    environment.services.user.control.faults({ updateUser: { status: 503 } });
    const query = 'mutation { updateProfile(input: { name: "A" }) { user { id } } }';
    const { body } = await environment.send(query, { as: CAST.customer });
    assert.match(body.errors[0].message, /outcome of this change is unknown/);
    assert.equal(environment.services.user.control.requests().routes.updateUser, 1);
  });

  it('say of a change that was not sent only that it was not', async () => {
    await using environment = await startEnvironment(web);
    await environment.send('{ viewer { id } }', { as: CAST.customer });
    await environment.services.user.close();
    const query = 'mutation { updateProfile(input: { name: "A" }) { user { id } } }';
    const { body } = await environment.send(query, { as: CAST.customer });
    assert.equal(
      body.errors[0].message,
      'This part of the response is temporarily unavailable. Retry later.',
    );
  });

  it('are paid out of a budget that calls earn', () => {
    const budget = new RetryBudget();
    assert.ok(budget.spend(1));
    assert.ok(!budget.spend(1));
    for (let n = 0; n < 10; n++) budget.deposit();
    assert.ok(!budget.spend(2));
    assert.ok(budget.spend(0.9));
    for (let n = 0; n < 1_000; n++) budget.deposit();
    let retries = 0;
    while (budget.spend(1)) retries++;
    assert.ok(retries <= 10, 'what is saved has a limit');
  });
});

describe('a circuit', () => {
  it('opens when half of the callers fail, spares the upstream, and closes when it is back', async () => {
    await using environment = await startEnvironment(mobile);
    await environment.send(ORDERS, { as: CAST.customer });
    environment.services.order.control.faults({ '*': { status: 500 } });
    await askTimes(environment, 30);
    const before = callsOf(environment, 'ordersByUsers');
    assert.equal(
      codeOf(await environment.send(ORDERS, { as: CAST.customer })),
      'UPSTREAM_UNAVAILABLE',
    );
    const spared = callsOf(environment, 'ordersByUsers') - before;
    assert.ok(spared <= 1, `${spared} calls through an open circuit`);

    environment.services.order.control.clear();
    let answer: TestResponse;
    do {
      await sleep(100);
      answer = await environment.send(ORDERS, { as: CAST.customer });
    } while (codeOf(answer) !== 'none');
  });

  it('is of one operation: others of the same upstream go on', async () => {
    await using environment = await startEnvironment(web);
    await environment.send(RECENT, { as: 'staff' });
    environment.services.order.control.faults({ recentOrders: { status: 500 } });
    for (let n = 0; n < 30; n++) await environment.send(RECENT, { as: 'staff' });
    const query = '{ viewer { orders(first: 1) { edges { node { id } } } } }';
    assert.equal(codeOf(await environment.send(query, { as: CAST.customer })), 'none');
  });

  it('is not opened by callers who ask for what is not there, or ask wrongly', async () => {
    await using environment = await startEnvironment(web);
    for (let n = 0; n < 40; n++) {
      const query = `{ order(id: "none-${n}") { id } }`;
      assert.equal(codeOf(await environment.send(query, { as: 'staff' })), 'NOT_FOUND');
    }
    assert.equal(
      codeOf(await environment.send('{ order(id: "10001") { id } }', { as: 'staff' })),
      'none',
    );
  });

  it('is not opened by reads whose clients do not wait', async () => {
    await using environment = await startEnvironment(web);
    for (let n = 0; n < 20; n++) await environment.send(RECENT, { as: 'staff' });
    environment.services.order.control.faults({ recentOrders: { delayMs: 400 } });
    for (const deadline of ['20', '200']) {
      const headers = { 'x-request-timeout-ms': deadline };
      const asked = Array.from({ length: 30 }, () =>
        environment.send(RECENT, { as: 'staff', headers }),
      );
      const codes = new Set((await Promise.all(asked)).map(codeOf));
      assert.deepEqual([...codes], ['UPSTREAM_TIMEOUT']);
    }
    environment.services.order.control.clear();
    assert.equal(codeOf(await environment.send(RECENT, { as: 'staff' })), 'none');
  });

  it('is not opened by writes whose clients do not wait', async () => {
    await using environment = await startEnvironment(web);
    const place = createPlacer(environment);
    assert.equal(codeOf(await place()), 'none');
    environment.services.order.control.faults({ placeOrder: { delayMs: 50 } });
    for (let n = 1; n <= 32; n++) await place({ 'x-request-timeout-ms': '3' });
    const patient = await Promise.all(Array.from({ length: 10 }, () => place()));
    assert.deepEqual(patient.map(codeOf), Array(10).fill('none'));
  });

  it('is not opened by writes whose clients wait longer than for a read, but not long enough', async () => {
    await using environment = await startEnvironment(web, { UPSTREAM_ATTEMPT_TIMEOUT_MS: '100' });
    const place = createPlacer(environment);
    assert.equal(codeOf(await place()), 'none');
    environment.services.order.control.faults({ placeOrder: { delayMs: 400 } });
    const headers = { 'x-request-timeout-ms': '200' };
    await Promise.all(Array.from({ length: 20 }, () => place(headers)));
    const patient = await Promise.all(Array.from({ length: 10 }, () => place()));
    assert.deepEqual(patient.map(codeOf), Array(10).fill('none'));
  });

  it('is closed by a write that takes longer than a read may', async () => {
    await using environment = await startEnvironment(web, { UPSTREAM_ATTEMPT_TIMEOUT_MS: '100' });
    const place = createPlacer(environment);
    environment.services.order.control.faults({ placeOrder: { status: 503 } });
    await Promise.all(Array.from({ length: 20 }, () => place()));
    assert.equal(codeOf(await place()), 'UPSTREAM_UNAVAILABLE');
    environment.services.order.control.faults({ placeOrder: { delayMs: 400 } });
    await until(async () => codeOf(await place()) === 'none');
  });

  it('is closed by a probe, whatever the deadline of the caller that it began with', async () => {
    await using environment = await startEnvironment(web);
    await environment.send(RECENT, { as: 'staff' });
    environment.services.order.control.faults({ recentOrders: { status: 500 } });
    await Promise.all(Array.from({ length: 40 }, () => environment.send(RECENT, { as: 'staff' })));
    assert.equal(codeOf(await environment.send(RECENT, { as: 'staff' })), 'UPSTREAM_UNAVAILABLE');
    const before = callsOf(environment, 'recentOrders');

    environment.services.order.control.faults({ recentOrders: { delayMs: 100 } });
    const headers = { 'x-request-timeout-ms': '10' };
    await until(async () => {
      await environment.send(RECENT, { as: 'staff', headers });
      return callsOf(environment, 'recentOrders') > before;
    });
    await sleep(300);
    assert.equal(codeOf(await environment.send(RECENT, { as: 'staff' })), 'none');
  });

  it('lets a burst after a quiet time wait for the probe', async () => {
    await using environment = await startEnvironment(mobile);
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => environment.send(ORDERS, { as: String(100 + n) })),
    );
    environment.services.order.control.faults({ '*': { status: 500 } });
    await askTimes(environment, 40);
    assert.equal(
      codeOf(await environment.send(ORDERS, { as: CAST.customer })),
      'UPSTREAM_UNAVAILABLE',
    );

    environment.services.order.control.faults({ '*': { delayMs: 20 } });
    await sleep(2_000);
    const burst = Array.from({ length: 20 }, (_, n) =>
      environment.send(ORDERS, { as: String(200 + n) }),
    );
    assert.deepEqual((await Promise.all(burst)).map(codeOf), Array(20).fill('none'));
  });

  it('opens for callers that gave a silent upstream the time of an attempt', async () => {
    await using environment = await startEnvironment(mobile, {
      UPSTREAM_ATTEMPT_TIMEOUT_MS: '100',
    });
    for (let n = 0; n < 20; n++) await environment.send(ORDERS, { as: String(100 + n) });
    environment.services.order.control.faults({ '*': { hang: true } });
    const askAll = (deadline: string) => {
      const headers = { 'x-request-timeout-ms': deadline };
      const asked = Array.from({ length: 20 }, () =>
        environment.send(ORDERS, { as: '100', headers }),
      );
      return Promise.all(asked);
    };
    for (let n = 0; n < 3; n++) {
      const codes = new Set((await askAll('80')).map(codeOf));
      assert.deepEqual([...codes], ['UPSTREAM_TIMEOUT'], 'impatient callers count for nothing');
    }
    await until(
      async () => codeOf((await askAll('600'))[0] as TestResponse) === 'UPSTREAM_UNAVAILABLE',
    );
  });
});
