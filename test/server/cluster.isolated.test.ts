import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createProver, dpopHeaders } from '../auth/bound-token.ts';
import { runLibrary, toModuleUrl } from '../support/bff-process.ts';
import { assertNeverStale, type Cluster, startCluster } from '../support/cluster.ts';
import { startEdge } from '../support/edge.ts';
import { CAST } from '../support/fixture/cast.ts';
import { purge } from '../support/purge.ts';
import { startRequest } from '../support/start-request.ts';
import { until } from '../support/until.ts';

/** Between two rounds of requests while workers are replaced. */
const PAUSE_MS = 100;
const NOTICES = '{ notices { title } }';
const isHit = ({ headers }: Awaited<ReturnType<Cluster['send']>>) =>
  /; hit/.test(String(headers['cache-status']));

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('Two workers', () => {
  let cluster: Cluster;
  let edge: Awaited<ReturnType<typeof startEdge>>;
  before(async () => {
    edge = await startEdge();
    cluster = await startCluster({ EDGE_PURGE_URL: edge.url.href });
  });
  after(async () => {
    await cluster[Symbol.asyncDispose]();
    await edge[Symbol.asyncDispose]();
  });

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

  /** Waits until the metrics have each request of the log, those of ended workers included. */
  async function assertAllCounted(): Promise<void> {
    // Without those of the admin listener.
    const requests = () =>
      cluster.logEntries().filter(({ msg, worker }) => msg === 'request completed' && worker)
        .length;
    await until(async () => (await countRequests()) === requests());
    const text = await scrape();
    assert.equal(sumOf(text, 'frontdesk_request_duration_seconds_count'), requests());
  }

  it('print the addresses once', () => {
    const lines = cluster.lines().filter((line) => line.startsWith('library '));
    assert.deepEqual(lines, [
      `library listening on ${cluster.endpoint}`,
      `library admin listening on ${cluster.adminUrl}`,
    ]);
  });

  it('get connections in equal parts, and log with their numbers', async () => {
    const counts = new Map<number, number>();
    for (let n = 0; n < 25; n++) {
      const sent = Array.from({ length: 4 }, () => cluster.send('{ __typename }'));
      for (const response of await Promise.all(sent)) {
        const pid = await cluster.workerOf(response);
        counts.set(pid, (counts.get(pid) ?? 0) + 1);
      }
    }
    assert.equal(counts.size, 2);
    // Of 50 each.
    for (const count of counts.values()) assert.ok(count >= 40 && count <= 60, String(count));
    const entries = cluster.logEntries().filter(({ msg }) => msg === 'request completed');
    const numbers = new Map(entries.map(({ pid, worker }) => [pid, worker]));
    assert.deepEqual([...numbers.values()].sort(), [1, 2]);
  });

  it('never serve what another worker has changed', async () => {
    const { hits } = await assertNeverStale(cluster, { rounds: 10 });
    assert.ok(hits > 0);
  });

  it('are all purged before the admin listener answers', async () => {
    const connections = await cluster.connectToBoth();
    for (let round = 0; round < 5; round++) {
      for (const { agent } of connections) {
        await cluster.send(NOTICES, undefined, agent);
        assert.ok(isHit(await cluster.send(NOTICES, undefined, agent)));
      }
      await purge(cluster, 'Notice');
      const reads = connections.map(({ agent }) => cluster.send(NOTICES, undefined, agent));
      assert.deepEqual((await Promise.all(reads)).map(isHit), [false, false]);
    }
    for (const { agent } of connections) agent.destroy();
  });

  it('purge edges of what mutations and events change', async () => {
    await cluster.send('mutation { renameMember(name: "Y") { member { id } } }', '43');
    await until(() => edge.accepted().includes('Member:43'));
    await purge(cluster, 'Notice:9');
    await until(() => edge.accepted().includes('Notice:9'));
    const metrics = await (await fetch(`${cluster.adminUrl}/metrics`)).text();
    assert.match(metrics, /^frontdesk_edge_purges_total\{[^}]*outcome="delivered"[^}]*\} [1-9]/m);
  });

  it('have one set of metrics, in which their counts are added', async () => {
    const numberOf = (text: string, sample: string) =>
      Number(
        text
          .split('\n')
          .find((line) => line.startsWith(`${sample} `))
          ?.split(' ')[1] ?? 0,
      );
    const sample = 'frontdesk_purges_total{source="mutation"}';
    const before = numberOf(await scrape(), sample);
    const connections = await cluster.connectToBoth();
    for (const { agent } of connections) {
      await cluster.send('mutation { renameMember(name: "X") { member { id } } }', '42', agent);
      agent.destroy();
    }
    const text = await scrape();
    assert.equal(numberOf(text, sample), before + 2);
    assert.ok(numberOf(text, 'frontdesk_purges_total{source="event"}') > 0);
    // Not the sum: the start of the newest worker.
    assert.ok(numberOf(text, 'frontdesk_last_start_time_seconds') <= Date.now() / 1_000 + 1);
    const help = text.match(/^# HELP \S+/gm) ?? [];
    assert.equal(new Set(help).size, help.length);
  });

  it('accept a DPoP proof once together', async () => {
    const prover = await createProver();
    const token = await prover.token(CAST.reader);
    const proof = await prover.prove({ url: cluster.endpoint, token });
    const headers = dpopHeaders(token, proof);
    const body = JSON.stringify({ query: '{ viewer { id } }' });
    const connections = await cluster.connectToBoth();
    const sent = [...connections, ...connections].map(({ agent }) =>
      cluster.exchange('/graphql', headers, { agent, body }),
    );
    const responses = await Promise.all(sent);
    for (const { agent } of connections) agent.destroy();
    assert.deepEqual(responses.map(({ status }) => status).sort(), [200, 401, 401, 401]);
  });

  it('both keep data from being stored while the outcome of a change is unknown', async () => {
    const connections = await cluster.connectToBoth();
    const { control } = cluster.services.member;
    control.faults({ renameMember: { reset: true, afterWork: true } });
    const { body } = await cluster.send(
      'mutation { renameMember(name: "X") { member { id } } }',
      '42',
    );
    assert.match(body.errors[0].message, /outcome of this change is unknown/);
    control.clear();
    for (const { agent } of connections) {
      for (let n = 0; n < 2; n++) {
        assert.ok(!isHit(await cluster.send('{ viewer { member { name } } }', '42', agent)));
      }
      agent.destroy();
    }
  });

  it('are replaced one by one on SIGHUP, without a failed request or old data', async () => {
    const [first, second] = await cluster.connectToBoth();
    for (const { agent } of [first, second]) agent.destroy();
    await using load = cluster.startLoad(8);
    cluster.kill('SIGHUP');
    const isReplaced = () => cluster.logEntries().some(({ msg }) => msg === 'all workers replaced');
    let last = 0;
    while (!isReplaced()) {
      await assertNeverStale(cluster, { rounds: 1 });
      const count = await countRequests();
      assert.ok(count >= last, `${count} requests in the metrics after ${last}`);
      last = count;
      await sleep(PAUSE_MS);
    }
    assert.deepEqual(await load.stop(), []);
    assert.ok(load.answered() > 0);
    await until(() => ![first.pid, second.pid].some(isAlive));
    await assertAllCounted();
    // The quarantine of the test above is still in effect.
    const connections = await cluster.connectToBoth();
    for (const { agent, pid } of connections) {
      assert.ok(pid !== first.pid && pid !== second.pid);
      for (let n = 0; n < 2; n++) {
        assert.ok(!isHit(await cluster.send('{ viewer { member { name } } }', '42', agent)));
      }
      agent.destroy();
    }
  });

  it('have metrics with what a worker has counted that is late, or that was killed, and the gauges of those that run', async () => {
    const [first, second] = await cluster.connectToBoth();
    const connections = async () =>
      Number(/^frontdesk_connections (\d+)/m.exec(await scrape())?.[1]);
    await until(async () => (await connections()) === 2);
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
    await until(async () => (await connections()) === 1);
    for (const { agent } of [first, second]) agent.destroy();
  });

  it('go on when one of them is killed, and it is replaced', async () => {
    const [killed, other] = await cluster.connectToBoth();
    const connections = 8;
    await using load = cluster.startLoad(connections);
    await until(() => load.answered() > 100);
    process.kill(killed.pid, 'SIGKILL');
    const replacement = await cluster.connectToOther(other.pid);
    assert.notEqual(replacement.pid, killed.pid);
    const answered = load.answered();
    await until(() => load.answered() > answered + 100);
    // Each of the persistent and of the new connections may have lost its request in flight.
    assert.ok((await load.stop()).length <= 2 * connections);
    for (const { agent } of [killed, other, replacement]) agent.destroy();
    // Nobody knows what it had not sent.
    await until(() => edge.accepted().includes('frontdesk'));
  });

  it('do not wait for one that hangs: it is killed and replaced, and loses no new connection', async () => {
    const [hanging, other] = await cluster.connectToBoth();
    process.kill(hanging.pid, 'SIGSTOP');
    try {
      // One of them is given to the worker that hangs.
      const sent = Array.from({ length: 4 }, () => cluster.send('{ __typename }'));
      const settled = Promise.allSettled(sent);
      await assertNeverStale(
        { send: (query, as) => cluster.send(query, as, other.agent) },
        { rounds: 1, agent: other.agent },
      );
      await until(() => !isAlive(hanging.pid));
      const states = (await settled).map(({ status }) => status);
      assert.deepEqual(states, Array(4).fill('fulfilled'));
    } finally {
      // A stopped process would outlive a failure of this test.
      if (isAlive(hanging.pid)) process.kill(hanging.pid, 'SIGKILL');
    }
    const replacement = await cluster.connectToOther(other.pid);
    for (const { agent } of [hanging, other, replacement]) agent.destroy();
    await assertNeverStale(cluster, { rounds: 3 });
  });

  it('complete the requests in flight on SIGTERM, and the primary exits with 0', async () => {
    const { control } = cluster.services.member;
    const connections = await cluster.connectToBoth();
    control.faults({ membersByIds: { delayMs: 300 } });
    const before = control.requests().routes.membersByIds ?? 0;
    const sent = connections.map(({ agent }, n) =>
      cluster.send(`{ member(id: "5${n}") { name } }`, undefined, agent),
    );
    await until(() => (control.requests().routes.membersByIds ?? 0) >= before + 2);
    cluster.kill('SIGTERM');
    for (const { status, body } of await Promise.all(sent)) {
      assert.deepEqual([status, body.errors], [200, undefined]);
    }
    assert.deepEqual(await cluster.ended(), [0, null]);
    for (const { agent } of connections) agent.destroy();
  });
});

/** The code of a setTimeout with other delays. A proxy, because promisify needs a property of it. */
const scaledSetTimeout = (delay: string) => `new Proxy(setTimeout, {
  apply: (start, _this, [run, ms, ...args]) => start(run, ${delay}, ...args),
})`;

describe('Workers', () => {
  let cluster: Cluster;
  before(async () => {
    // However slow the machine is, they wait for the count of the primary.
    const preload = toModuleUrl(`
      import cluster from 'node:cluster';
      if (cluster.isWorker) globalThis.setTimeout = ${scaledSetTimeout('ms < 1_000 ? ms * 100 : ms')};
    `);
    const env = { RATE_LIMIT_ADDRESS: '60', DRAIN_DELAY_MS: '60000' };
    cluster = await startCluster(env, { preload });
  });
  after(() => cluster[Symbol.asyncDispose]());

  it('count rate limits together', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 16 });
    const workers = new Set<number>();
    let accepted = 0;
    for (let n = 0; n < 5; n++) {
      const sent = Array.from({ length: 20 }, () =>
        cluster.send('{ __typename }', undefined, agent),
      );
      for (const response of await Promise.all(sent)) {
        if (response.status === 200) accepted++;
        else assert.equal(response.status, 429);
        if (n === 0) workers.add(await cluster.workerOf(response));
      }
    }
    agent.destroy();
    assert.equal(workers.size, 2);
    // Each of them may accept a fiftieth of the limit before it knows what the other one has accepted.
    assert.ok(Math.abs(accepted - 60) <= 2, String(accepted));
  });

  it('are not ready at once on SIGTERM, and all end at a second signal', async () => {
    const connections = await cluster.connectToBoth();
    cluster.kill('SIGTERM');
    const statuses = async () => {
      const sent = Array.from({ length: 6 }, () => cluster.exchange('/readyz'));
      return new Set(
        (await Promise.all(sent)).map(({ status, body }) => `${status} ${body.status}`),
      );
    };
    await until(async () => !(await statuses()).has('200 ok'));
    assert.deepEqual([...(await statuses())], ['503 draining']);
    cluster.kill('SIGTERM');
    assert.deepEqual(await cluster.ended(), [143, null]);
    await until(() => !connections.some(({ pid }) => isAlive(pid)));
    for (const { agent } of connections) agent.destroy();
  });
});

/** Holds a worker back at the moment at which it stops listening. */
const BUSY_AT_CLOSE = toModuleUrl(`
  import cluster from 'node:cluster';
  import { Server } from 'node:net';
  if (cluster.isWorker) {
    const { close } = Server.prototype;
    Server.prototype.close = function (...args) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
      return close.apply(this, args);
    };
  }
`);

describe('Workers that drain', () => {
  it('leave no connection open that arrives as they stop listening', async () => {
    await using cluster = await startCluster({}, { preload: BUSY_AT_CLOSE });
    const inFlight = await startRequest(cluster.endpoint);
    cluster.kill('SIGTERM');
    const ends: Promise<unknown>[] = [];
    let isListening = true;
    while (isListening) {
      const end = cluster.exchange('/readyz').catch((error) => {
        if (error.code === 'ECONNREFUSED') isListening = false;
      });
      ends.push(end);
      await sleep(10);
    }
    await Promise.all(ends);
    // The workers have not ended meanwhile.
    assert.equal(await inFlight.finish(), 200);
    assert.deepEqual(await cluster.ended(), [0, null]);
  });
});

/** Ways in which the system refuses to start a process: Node.js reports each of them differently. */
const SPAWN_FAULTS = {
  EMFILE: `
    fds: [],
    fail() {
      this.timer = setInterval(() => {
        try { for (;;) this.fds.push(openSync('/dev/null')); } catch {}
      }, 10);
    },
    repair() {
      clearInterval(this.timer);
      this.fds.forEach(closeSync);
    },`,
  ENOENT: `
    path: process.execPath,
    fail() { process.execPath = '/nonexistent'; },
    repair() { process.execPath = this.path; },`,
  E2BIG: `
    fail() { process.env.BIG = 'x'.repeat(200_000); },
    repair() { delete process.env.BIG; },`,
};

/**
 * Sends SIGHUP to the primary once a worker has started to start, shortens its intervals and the delays
 * between starts of workers, and lets it run one of the functions when the test sends their names.
 */
const IN_PRIMARY = toModuleUrl(`
  import cluster from 'node:cluster';
  import { openSync, closeSync } from 'node:fs';
  const faults = { ${Object.entries(SPAWN_FAULTS).map(([code, functions]) => `${code}: {${functions}}`)} };
  if (cluster.isPrimary) {
    const { setInterval: repeat } = globalThis;
    globalThis.setInterval = (run, ms) => repeat(run, ms / 4);
    globalThis.setTimeout = ${scaledSetTimeout('ms <= 5_000 ? ms / 50 : ms')};
    cluster.once('online', () => process.kill(process.pid, 'SIGHUP'));
    process.on('message', (names) => {
      const [code, name] = names.split(' ');
      process.send(faults[code][name]() ?? null);
    });
  }
`);

// One cluster, and the tests in their order.
describe('A primary that replaces workers', () => {
  let cluster: Cluster;
  before(async () => {
    const options = { preload: IN_PRIMARY, shell: 'ulimit -n 256' };
    cluster = await startCluster({ DRAIN_DELAY_MS: '0' }, options);
  });
  after(() => cluster[Symbol.asyncDispose]());

  it('replaces them at SIGHUP also if it arrives before they have started', async () => {
    await cluster.find('all workers replaced');
  });

  it('starts one for a dead one when processes can be started again, whatever the error is, and the other one serves', async () => {
    const [killed, other] = await cluster.connectToBoth();
    const codes = Object.keys(SPAWN_FAULTS);
    await cluster.request(`${codes[0]} fail`);
    process.kill(killed.pid, 'SIGKILL');
    for (const [index, code] of codes.entries()) {
      const failures = () => cluster.logEntries().filter(({ err }) => err?.message.endsWith(code));
      // As many failed starts as those after which a primary gives up.
      await until(() => failures().length >= 5);
      for (const { msg, err } of failures()) {
        assert.equal(msg, 'worker cannot start');
        assert.match(err.message, /^spawn/);
      }
      const { status } = await cluster.send('{ __typename }', undefined, other.agent);
      assert.equal(status, 200);
      // The next one first: no process starts between them.
      if (index + 1 < codes.length) await cluster.request(`${codes[index + 1]} fail`);
      await cluster.request(`${code} repair`);
    }
    const replacement = await cluster.connectToOther(other.pid);
    assert.notEqual(replacement.pid, killed.pid);
    for (const { agent } of [killed, other, replacement]) agent.destroy();
  });

  it('kills and replaces one that hangs, even if nothing is purged, and loses no new connection', async () => {
    const [hanging, other] = await cluster.connectToBoth();
    const deaths = cluster
      .logEntries()
      .filter(({ msg }) => msg === 'worker ended unexpectedly').length;
    process.kill(hanging.pid, 'SIGSTOP');
    try {
      const sent = Array.from({ length: 4 }, () => cluster.send('{ __typename }'));
      const settled = Promise.allSettled(sent);
      await cluster.find('worker does not respond and is killed');
      await until(() => !isAlive(hanging.pid));
      const states = (await settled).map(({ status }) => status);
      assert.deepEqual(states, Array(4).fill('fulfilled'));
    } finally {
      if (isAlive(hanging.pid)) process.kill(hanging.pid, 'SIGKILL');
    }
    const ended = await cluster.find('worker ended unexpectedly', deaths + 1);
    assert.equal(ended.at(-1).signal, 'SIGKILL');
    const replacement = await cluster.connectToOther(other.pid);
    assert.notEqual(replacement.pid, hanging.pid);
    for (const { agent } of [hanging, other, replacement]) agent.destroy();
  });

  it('ends with 0 at SIGTERM after all that', async () => {
    cluster.kill('SIGTERM');
    assert.deepEqual(await cluster.ended(), [0, null]);
  });
});

/** Starts two workers, and waits for the end of their primary. */
const runCluster = (env: Record<string, string>, preload?: string) =>
  runLibrary({ WORKERS: '2', LIBRARY_PORT: '0', LIBRARY_ADMIN_PORT: '0', ...env }, preload);

describe('A primary', () => {
  it('whose ports are in use prints which ones, once, and exits with 1', async () => {
    await using server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const ports = { LIBRARY_PORT: String(port), LIBRARY_ADMIN_PORT: String(port) };
    const { stdout, stderr, code } = await runCluster(ports);
    assert.equal(
      stderr,
      'The configuration is wrong:\n' +
        `  LIBRARY_PORT: port ${port} is in use by another program\n` +
        `  LIBRARY_ADMIN_PORT: port ${port} is in use by another program\n`,
    );
    assert.deepEqual([stdout, code], ['', 1]);
  });

  it('with an invalid configuration prints it once, and exits with 1', async () => {
    const { stdout, stderr, code } = await runCluster({ LOG_LEVEL: 'loud' });
    assert.match(stderr, /^The configuration is wrong:\n {2}LOG_LEVEL: [^\n]+\n$/);
    assert.deepEqual([stdout, code], ['', 1]);
  });

  it('whose workers keep ending before they are ready logs it, and exits with 1', async () => {
    const preload = toModuleUrl(`
      import cluster from 'node:cluster';
      if (cluster.isWorker) process.exit(7);
    `);
    const { stdout, code } = await runCluster({}, preload);
    const messages = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line).msg);
    // pino may write a fatal line first.
    assert.deepEqual(messages.sort(), [
      ...Array(5).fill('worker ended unexpectedly'),
      'workers keep ending before they are ready',
    ]);
    assert.equal(code, 1);
  });
});
