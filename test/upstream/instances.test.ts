import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StandIn } from '../../services/support/stand-in.ts';
import { startLibrary } from '../support/fixture/environment.ts';
import { createLendingService } from '../support/fixture/lending-service.ts';
import { until } from '../support/until.ts';
import { codeOf, LOANS, sendBorrow, sendLoans } from './library-requests.ts';

const LOCAL = { host: '127.0.0.1', port: 0 };

/** Starts the library in front of two instances of the lending service. */
async function startInstances() {
  await using started = new AsyncDisposableStack();
  const [first, second] = await Promise.all([createLendingService(), createLendingService()]);
  for (const service of [first, second]) started.use(service);
  const urls = await Promise.all([first.listen(LOCAL), second.listen(LOCAL)]);
  const environment = started.use(await startLibrary({ LENDING_SERVICE_URL: urls.join() }));
  const counts = () => [first, second].map(({ control }) => control.requests().total);
  const resources = started.move();
  return {
    environment,
    first: first as StandIn,
    /** The number of requests that each instance has received. */
    counts,
    /** Sends reads, and returns the codes of those that failed. */
    async failuresOf(times: number) {
      const codes = (await sendLoans(environment, times)).map(codeOf);
      return codes.filter((code) => code !== 'none');
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

describe('Several instances of a service', () => {
  it('take turns when they are idle', async () => {
    await using instances = await startInstances();
    await instances.failuresOf(10);
    assert.deepEqual(instances.counts(), [5, 5]);
  });

  it('receive fewer requests while they are slower', async () => {
    await using instances = await startInstances();
    const { environment, first, counts } = instances;
    await instances.failuresOf(4);
    first.control.faults({ '*': { hang: true } });
    const headers = { 'x-request-timeout-ms': '1000' };
    const waiting = environment.send(LOANS, { as: '100', headers });
    await until(() => counts()[0] === 3);
    const other = environment.send(LOANS, { as: '101' });
    assert.equal(codeOf(await other), 'none');
    assert.deepEqual(counts(), [3, 3]);
    await waiting;
  });

  it('are ejected when they fail, without an error for a client', async () => {
    await using instances = await startInstances();
    await instances.failuresOf(60);
    await instances.first.close();
    assert.deepEqual(await instances.failuresOf(40), []);
  });

  for (const fault of [{ status: 429 }, { body: 'html' }] as const) {
    it(`are ejected when they respond fast with ${JSON.stringify(fault)}`, async () => {
      await using instances = await startInstances();
      await instances.failuresOf(20);
      instances.first.control.faults({ '*': fault });
      await instances.failuresOf(10);
      assert.deepEqual(await instances.failuresOf(10), []);
    });
  }

  for (const [what, fault, timeoutMs] of [
    ['with a short deadline', { delayMs: 200 }, '50'],
    ['that are refused for the rate of one viewer', { status: 429 }, '5000'],
  ] as const) {
    it(`are not ejected because of writes ${what}`, async () => {
      await using instances = await startInstances();
      const { environment, first, counts } = instances;
      first.control.faults({ borrow: fault });
      for (let n = 0; n < 12; n++) {
        await sendBorrow(environment, { 'x-request-timeout-ms': timeoutMs });
      }
      // The writes continue after their clients have left.
      const isIdle = () => first.control.requests().recent.every(({ endedAt }) => endedAt !== null);
      await until(isIdle);
      const before = counts();
      await instances.failuresOf(10);
      const spread = counts().map((count, n) => count - (before[n] ?? 0));
      assert.deepEqual(spread, [5, 5]);
    });
  }
});
