import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { until } from '../support/until.ts';

describe('The metrics of two workers', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await startCluster();
  });
  after(() => cluster[Symbol.asyncDispose]());

  async function scrape(): Promise<string> {
    return (await fetch(`${cluster.adminUrl}/metrics`)).text();
  }

  /** Adds the samples of a metric, of one collection. */
  const sumOf = (text: string, metric: string) =>
    text
      .split('\n')
      .filter((line) => line.startsWith(`${metric}{`))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);

  const countRequests = async () => sumOf(await scrape(), 'frontdesk_requests_total');

  it('never decrease while the workers are replaced, and lose no request', async () => {
    const before = await countRequests();
    await using load = cluster.startLoad(8);
    await until(() => load.answered() > 50);
    cluster.kill('SIGHUP');
    const isReplaced = () => cluster.logEntries().some(({ msg }) => msg === 'all workers replaced');
    let last = before;
    while (!isReplaced()) {
      const count = await countRequests();
      assert.ok(count >= last, `${count} after ${last}`);
      last = count;
      await sleep(10);
    }
    assert.deepEqual(await load.stop(), []);
    const expected = before + load.answered();
    // A request is counted just after its response.
    await until(async () => (await countRequests()) >= expected);
    const text = await scrape();
    assert.equal(sumOf(text, 'frontdesk_requests_total'), expected);
    assert.equal(sumOf(text, 'frontdesk_request_duration_seconds_count'), expected);
  });

  it('contain what a worker has counted that is late, or that was killed', async () => {
    const [first, second] = await cluster.connectToBoth();
    // Without those of the admin listener.
    const requests = () =>
      cluster.logEntries().filter(({ msg, worker }) => msg === 'request completed' && worker)
        .length;
    await until(async () => (await countRequests()) === requests());
    process.kill(first.pid, 'SIGSTOP');
    try {
      assert.equal(await countRequests(), requests());
    } finally {
      process.kill(first.pid, 'SIGCONT');
    }
    await cluster.workerOf(await cluster.send('{ __typename }', undefined, first.agent));
    await until(async () => (await countRequests()) === requests());
    process.kill(first.pid, 'SIGKILL');
    await cluster.find('worker ended unexpectedly');
    assert.equal(await countRequests(), requests());
    for (const { agent } of [first, second]) agent.destroy();
  });

  it('have the gauges of those that run', async () => {
    const { agent, pid } = await cluster.connectToOther();
    const connections = async () =>
      Number(/^frontdesk_connections (\d+)/m.exec(await scrape())?.[1]);
    await until(async () => (await connections()) === 1);
    process.kill(pid, 'SIGKILL');
    await until(async () => (await connections()) === 0);
    agent.destroy();
  });
});
