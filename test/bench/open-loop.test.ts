import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import type { LoadRequest } from '../../bench/harness/load.ts';
import {
  LEAD_IN_SECONDS,
  type OpenLoopJob,
  prepareOpenLoop,
} from '../../bench/harness/open-loop.ts';

const hasTools = !spawnSync('cc', ['--version']).error && !spawnSync('taskset', ['-V']).error;

const requestFor = (user: string): LoadRequest => ({
  method: 'POST',
  path: '/graphql',
  headers: { authorization: user },
  body: '{"query":"{ name }"}',
  expectedText: `"name":"${user}"`,
});

async function run(listener: RequestListener, job: Omit<OpenLoopJob, 'origin' | 'core'>) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const start = await prepareOpenLoop({ ...job, origin, core: 0 });
    return await start();
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const answerFor = (user: string | undefined): string => `{"data":{"name":"${user}"}}`;

describe('Open-loop load generator', { skip: !hasTools }, () => {
  it('sends exactly the requests of the rate, those of all users in turn', async () => {
    const received: string[] = [];
    const job = { connections: 64, rate: 400, seconds: 0.25 };
    const users = ['a', 'b', 'c', 'd', 'e'];
    const result = await run(
      ({ headers }, response) => {
        received.push(headers.authorization ?? '');
        response.end(answerFor(headers.authorization));
      },
      { ...job, requests: users.map(requestFor) },
    );
    assert.deepEqual([result.sent, result.requests, result.errors], [100, 100, 0]);
    const count = (LEAD_IN_SECONDS + job.seconds) * job.rate;
    const expected = Array.from({ length: count }, (_, turn) => users[turn % users.length]);
    assert.deepEqual(received.toSorted(), expected.toSorted());
    assert.ok(result.p50Ms <= result.p90Ms && result.p90Ms <= result.p99Ms);
  });

  it('measures latencies from the scheduled time, also if all connections wait for answers', async () => {
    const delayMs = 20;
    const job = { connections: 1, rate: 100, seconds: 0.25, requests: [requestFor('a')] };
    const result = await run(({ headers }, response) => {
      setTimeout(() => response.end(answerFor(headers.authorization)), delayMs);
    }, job);
    // One connection needs half a second for 25 requests; they are due in half of that time.
    const minMs = (delayMs - 1) * result.sent - job.seconds * 1_000;
    assert.ok(result.p99Ms >= minMs, `${result.p99Ms} < ${minMs}`);
    assert.ok(result.waitingSends > 0);
  });

  it('counts each wrong, broken and missing answer as an error', async () => {
    const answers: Record<string, RequestListener> = {
      good: (_, response) => response.end(answerFor('good')),
      status(_, response) {
        response.statusCode = 500;
        response.end(answerFor('status'));
      },
      'another user': (_, response) => response.end(answerFor('good')),
      errors: (_, response) => response.end('{"errors":[],"name":"errors"}'),
      'no length': (_, response) => {
        response.write(answerFor('no length'));
        response.end();
      },
      truncated({ socket }, response) {
        response.writeHead(200, { 'content-length': 1_000 }).write(answerFor('truncated'));
        setTimeout(() => socket.destroy());
      },
      closed: ({ socket }) => socket.destroy(),
      none() {},
    };
    const users = Object.keys(answers);
    const result = await run(
      (request, response) => answers[request.headers.authorization ?? '']?.(request, response),
      { connections: 64, rate: 80, seconds: 0.5, requests: users.map(requestFor) },
    );
    const good = result.sent / users.length;
    assert.deepEqual([result.requests, result.errors], [good, result.sent - good]);
    assert.ok(result.p99Ms >= 1_000, 'a request without an answer has waited for one');
  });
});
