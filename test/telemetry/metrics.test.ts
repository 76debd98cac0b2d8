import assert from 'node:assert/strict';
import { totalmem } from 'node:os';
import { after, before, describe, it } from 'node:test';
import { pino } from 'pino';
import { BffError } from '../../src/errors.ts';
import { createApp } from '../../src/http/create-app.ts';
import { addProcessMetrics } from '../../src/telemetry/metrics/index.ts';
import { type Environment, startEnvironment } from '../support/environment.ts';
import { type LIBRARY_UPSTREAMS, library } from '../support/fixture/bff.ts';
import { CAST } from '../support/fixture/cast.ts';
import { shareOneCall } from '../support/pipelined.ts';
import { skipWithoutRedis, startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

const CLIENT = {
  'apollographql-client-name': 'reading-app',
  'apollographql-client-version': '2.1',
};

type Labels = Readonly<Record<string, string>>;

/** Reads the samples of a metric: those that have all of the given labels. */
async function read(adminUrl: string, metric: string, labels: Labels = {}): Promise<number[]> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `))
    .filter((line) =>
      Object.entries(labels).every(([name, value]) => line.includes(`${name}="${value}"`)),
    )
    .map((line) => Number(line.slice(line.lastIndexOf(' ') + 1)));
}

const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0);

describe('The metrics', () => {
  let environment: Environment<typeof LIBRARY_UPSTREAMS>;
  before(async () => {
    environment = await startEnvironment(library, { CACHE_MEMORY_MB: '16' });
  });
  after(() => environment[Symbol.asyncDispose]());

  /** The increase of a metric while something happens; requests are counted after their response. */
  async function increaseOf(metric: string, labels: Labels, expected: number, work: () => unknown) {
    const value = async () => sum(await read(environment.adminUrl, metric, labels));
    const before = await value();
    await work();
    await until(async () => (await value()) - before >= expected);
    assert.equal((await value()) - before, expected, `${metric} ${JSON.stringify(labels)}`);
  }

  it('are on the admin listener, in the format of Prometheus', async () => {
    const response = await fetch(`${environment.adminUrl}/metrics`);
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    assert.match(await response.text(), /^# HELP frontdesk_requests_total .+\n# TYPE/m);
    const onPublic = await fetch(`${environment.url}/metrics`);
    assert.equal(onPublic.status, 404);
    await onPublic.body?.cancel();
  });

  it('count requests by registered operation, client and status', async () => {
    const query = '{ __typename }';
    const labels = { operation: 'other', client: 'reading-app', status: '200' };
    await increaseOf('frontdesk_requests_total', labels, 2, async () => {
      await environment.send(query, { as: CAST.reader, headers: CLIENT });
      await environment.send('query Chosen { __typename }', { headers: CLIENT });
    });
    const refused = { operation: 'none', client: 'reading-app', status: '400' };
    await increaseOf('frontdesk_requests_total', refused, 1, () =>
      environment.send('{', { headers: CLIENT }),
    );
  });

  it('count neither health checks nor requests to the admin listener', async () => {
    const text = async () => (await fetch(`${environment.adminUrl}/metrics`)).text();
    const countsOf = (metrics: string) => metrics.match(/^frontdesk_requests_total.*$/gm);
    const before = await text();
    for (const path of ['/healthz', '/readyz']) await (await fetch(environment.url + path)).text();
    assert.deepEqual(countsOf(await text()), countsOf(before));
  });

  it('measure the duration of requests, in seconds', async () => {
    environment.services.lending.control.faults({ recentLoans: { delayMs: 120 } });
    await increaseOf('frontdesk_request_duration_seconds_count', { operation: 'other' }, 1, () =>
      environment.send('{ recentLoans(first: 1) { id } }', { as: 'staff' }),
    );
    const all = await read(environment.adminUrl, 'frontdesk_request_duration_seconds_sum');
    assert.ok(sum(all) >= 0.12);
    environment.reset();
  });

  it('count the codes of errors, also in responses with status 200', async () => {
    environment.services.member.control.faults({ '*': { status: 503 } });
    await increaseOf('frontdesk_errors_total', { code: 'UPSTREAM_UNAVAILABLE' }, 1, () =>
      environment.send('{ member(id: "77") { name } }'),
    );
    environment.reset();
  });

  it('count a request once for each of its codes, however many errors have it', async () => {
    const query = '{ a: member(id: "99998") { name } b: member(id: "99999") { name } }';
    const code = { code: 'NOT_FOUND' };
    await increaseOf('frontdesk_errors_total', code, 2, () =>
      increaseOf('frontdesk_failed_requests_total', code, 1, () => environment.send(query)),
    );
  });

  it('have the limits of memory and heap, with which a process compares what it uses', async () => {
    addProcessMetrics(environment.metrics);
    const readOne = async (metric: string) => sum(await read(environment.adminUrl, metric));
    const used = await readOne('process_resident_memory_bytes');
    const limit = await readOne('frontdesk_memory_limit_bytes');
    assert.ok(used > 0 && used < limit && limit <= totalmem(), `${used} of ${limit}`);
    const heapUsed = await readOne('nodejs_heap_size_used_bytes');
    const heapLimit = await readOne('frontdesk_heap_limit_bytes');
    assert.ok(heapUsed > 0 && heapUsed < heapLimit && heapLimit < Infinity);
  });

  it('have the start of the process', async () => {
    const [start = 0] = await read(environment.adminUrl, 'frontdesk_last_start_time_seconds');
    const uptime = Date.now() / 1_000 - start;
    assert.ok(Math.abs(uptime - process.uptime()) < 5, `${uptime} s`);
  });

  it('have series at zero for rare events, so that an increase includes the first one', async () => {
    await using fresh = await startEnvironment(library);
    for (const [metric, labels] of [
      ['frontdesk_purges_total', { source: 'mutation' }],
      ['frontdesk_purges_total', { source: 'unknown-outcome' }],
      ['frontdesk_purges_total', { source: 'event' }],
      ['frontdesk_refusals_total', { limit: 'overload' }],
      ['frontdesk_lost_spans_total', {}],
    ] as const) {
      assert.deepEqual(await read(fresh.adminUrl, metric, labels), [0]);
    }
  });

  it('have no gauges of a certificate and of Redis, which this process does not use', async () => {
    const text = await (await fetch(`${environment.adminUrl}/metrics`)).text();
    assert.doesNotMatch(text, /certificate|redis/i);
  });

  it('count upstream calls by outcome, their keys and the requests that share them', async () => {
    const operation = { upstream: 'member', operation: 'membersByIds' };
    const readAll = async () => {
      const readSum = async (metric: string, labels: Labels) =>
        sum(await read(environment.adminUrl, `frontdesk_upstream_${metric}`, labels));
      return {
        calls: await readSum('calls_total', { ...operation, outcome: 'ok' }),
        keys: await readSum('batch_keys_sum', operation),
        requests: await readSum('call_requests_sum', operation),
      };
    };
    const before = await readAll();
    const { rounds } = await shareOneCall(environment);
    // Two members in each round; only those of the last one shared a call.
    const expected = {
      calls: before.calls + 2 * rounds - 1,
      keys: before.keys + 2 * rounds,
      requests: before.requests + 2 * rounds,
    };
    await until(async () => (await readAll()).calls >= expected.calls);
    assert.deepEqual(await readAll(), expected);
  });

  it('have the state of each circuit and the limit of each batched operation', async () => {
    const operation = { upstream: 'member', operation: 'membersByIds' };
    const stateOf = (state: string) =>
      read(environment.adminUrl, 'frontdesk_upstream_circuit_state', { ...operation, state });
    assert.deepEqual(await stateOf('closed'), [1]);
    assert.deepEqual(await stateOf('open'), [0]);
    const limits = await read(
      environment.adminUrl,
      'frontdesk_upstream_concurrency_limit',
      operation,
    );
    assert.ok(limits.length === 1 && (limits[0] as number) >= 1);
  });

  it('count the sources of responses, and the reasons for not storing them', async () => {
    const query = '{ member(id: "120") { name } }';
    const responses = 'frontdesk_cache_responses_total';
    await increaseOf(responses, { status: 'stored', not_stored: 'none' }, 1, () =>
      environment.send(query),
    );
    await increaseOf(responses, { status: 'hit' }, 1, () => environment.send(query));
    await increaseOf(responses, { not_stored: 'request' }, 1, () =>
      environment.send(query, { headers: { 'cache-control': 'no-store' } }),
    );
    await increaseOf(responses, { not_stored: 'errors' }, 1, () =>
      environment.send('{ member(id: "99999") { name } }'),
    );
    await increaseOf(responses, { not_stored: 'policy' }, 1, () =>
      environment.send('{ __typename }'),
    );
    const [bytes = 0] = await read(environment.adminUrl, 'frontdesk_cache_bytes');
    assert.ok(bytes > 0);
  });

  it('count purges by their source', async () => {
    const rename = 'mutation { renameMember(name: "Ada") { member { name } } }';
    await increaseOf('frontdesk_purges_total', { source: 'mutation' }, 1, () =>
      environment.send(rename, { as: CAST.reader }),
    );
    environment.reset();
  });

  it('count the requests of each field by client and version, for stored responses too', async () => {
    const query = '{ member(id: "130") { name joinedAt } }';
    const client = { as: CAST.reader, headers: CLIENT };
    const labels = { field: 'Member.joinedAt', client: 'reading-app', version: '2.1' };
    await increaseOf('frontdesk_field_requests_total', { ...labels, deprecated: 'false' }, 3, () =>
      Promise.all([1, 2, 3].map(() => environment.send(query, client))),
    );
  });

  it('keep a bounded number of clients, whose names only signed-in viewers can add', async () => {
    const send = (as: string, name: string) =>
      environment.send('{ __typename }', { as, headers: { 'apollographql-client-name': name } });
    const clientsOf = async () => {
      const text = await (await fetch(`${environment.adminUrl}/metrics`)).text();
      const lines = text.match(/^frontdesk_requests_total.*/gm) ?? [];
      return new Set(lines.map((line) => /client="([^"]*)"/.exec(line)?.[1]));
    };
    await Promise.all(Array.from({ length: 60 }, (_, n) => send('anonymous', `flood-${n}`)));
    await until(async () => (await clientsOf()).has('other'));
    assert.ok([...(await clientsOf())].every((name) => !name?.startsWith('flood')));

    await send(CAST.reader, 'real-app');
    await until(async () => (await clientsOf()).has('real-app'));
    await Promise.all(Array.from({ length: 60 }, (_, n) => send(CAST.reader, `many-${n}`)));
    await until(async () => (await clientsOf()).size > 30);
    assert.ok((await clientsOf()).size <= 34);
  });
});

describe('The metric of Redis', { skip: skipWithoutRedis }, () => {
  it('is 1 while Redis responds and 0 while it hangs or is down, without any request', async () => {
    await using redis = await startRedis();
    await using environment = await startEnvironment(library, { REDIS_URL: redis.url.href });
    const becomes = (value: number) =>
      until(async () => {
        const [current] = await read(environment.adminUrl, 'frontdesk_redis_up');
        return current === value;
      });
    await becomes(1);
    const isSynced = async (value: number) => {
      const [current] = await read(environment.adminUrl, 'frontdesk_replica_synced');
      return current === value;
    };
    await until(() => isSynced(1));
    redis.pause();
    await becomes(0);
    await until(() => isSynced(0));
    redis.resume();
    await becomes(1);
    await redis.kill();
    await becomes(0);
    await redis.restart();
    await becomes(1);
  });
});

describe('The metrics of retries', () => {
  it('count each attempt after the first one', async () => {
    await using environment = await startEnvironment(library);
    environment.services.member.control.faults({ '*': { status: 503 } });
    await environment.send('{ member(id: "42") { name } }');
    const labels = { upstream: 'member' };
    const retries = await read(environment.adminUrl, 'frontdesk_upstream_retries_total', labels);
    assert.equal(sum(retries), environment.calls().length - 1);
    assert.equal(sum(retries), 1);
  });
});

describe('The metrics of refusals', () => {
  it('name the limit', async () => {
    await using environment = await startEnvironment(library, { RATE_LIMIT_VIEWER: '30' });
    const send = () => environment.send('{ viewer { id } }', { as: CAST.reader });
    await until(async () => (await send()).status === 429);
    const count = () =>
      read(environment.adminUrl, 'frontdesk_refusals_total', { limit: 'viewer rate limit' });
    await until(async () => sum(await count()) >= 1);
  });

  it('name overload', async () => {
    let refusedBy: string | undefined;
    const app = createApp({
      log: pino({ level: 'silent' }),
      notFoundMessage: () => 'There is nothing here.',
      observer: {
        begin: () => undefined,
        end: (_request, { record }) => {
          refusedBy = record.refusedBy;
        },
      },
    });
    app.get('/busy', () => {
      throw new BffError('OVERLOADED', 'Server overloaded; retry later.');
    });
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    await (await fetch(`${url}/busy`)).text();
    await until(() => refusedBy === 'overload');
    await app.close();
  });
});
