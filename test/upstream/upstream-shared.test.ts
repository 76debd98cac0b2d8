import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { decodeJwt } from 'jose';
import pino from 'pino';
import type { CallContext } from '../../src/upstream/call-context.ts';
import { UpstreamFailure } from '../../src/upstream/errors.ts';
import { createCallPolicy, RetryBudget } from '../../src/upstream/resilience.ts';
import { createUpstream } from '../../src/upstream/upstream.ts';
import { until } from '../support/until.ts';
import { createCallers } from './controlled-upstream.ts';

/** An upstream with a real server behind it that answers as it is told. */
async function open(
  handle: (request: IncomingMessage, response: ServerResponse, n: number) => void,
) {
  let n = 0;
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json');
    handle(request, response, n++);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const writes = { seen: 0 };
  const logged: { readonly level: number; readonly msg: string }[] = [];
  const stream = { write: (line: string) => void logged.push(JSON.parse(line)) };
  const upstream = createUpstream({
    name: 'x',
    urls: [new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)],
    dnsServers: [],
    token: undefined,
    viewerKey: 'a key of the tests that has 32 bytes or more',
    attemptTimeoutMs: 30_000,
    writeTimeoutMs: 60_000,
    utilization: () => 0,
    writes,
    log: pino({ level: 'info' }, stream),
  });
  const callers = createCallers();
  return {
    upstream,
    writes,
    logged,
    callers,
    calls: () => n,
    async [Symbol.asyncDispose]() {
      callers[Symbol.dispose]();
      upstream.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('what callers of one upstream share', () => {
  it('a joiner of a coalesced call is not bound to the deadline of the first', async () => {
    const waiting: ServerResponse[] = [];
    await using desk = await open((_request, response, n) => {
      if (n === 0) waiting.push(response);
      else response.end('{"v":1}');
    });
    const ask = desk.upstream.read('r', 'public');
    const first = desk.callers.call(300);
    const left = assert.rejects(
      ask({ target: '/r' }, first, () => 1),
      { code: 'UPSTREAM_TIMEOUT' },
    );
    const joiner = ask({ target: '/r' }, desk.callers.call(600_000), () => 1);
    void joiner.catch(() => {});
    await left;
    assert.equal(waiting.length, 1);
    waiting[0]?.writeHead(503).end('{}');
    assert.equal(await joiner, 1);
  });

  it('viewers of one id but of different roles share no call', async () => {
    const roles: unknown[] = [];
    await using desk = await open((request, response) => {
      roles.push(decodeJwt(String(request.headers['x-viewer'])).role);
      setTimeout(() => response.end('{}'), 200);
    });
    const ask = desk.upstream.read('r', 'viewer');
    const as = (role: 'customer' | 'staff') => ({
      ...desk.callers.call(),
      viewer: { role, id: '1', issuer: 'https://issuer.example' },
    });
    await Promise.all([
      ask({ target: '/r' }, as('staff'), () => 1),
      ask({ target: '/r' }, as('customer'), () => 1),
    ]);
    assert.deepEqual(roles.sort(), ['customer', 'staff']);
  });

  it('a write is counted as ended when it has ended, not when its caller leaves a probe', async () => {
    let held: ServerResponse | undefined;
    let mode: 'fail' | 'hold' = 'fail';
    await using desk = await open((_request, response) => {
      if (mode === 'fail') response.writeHead(500).end('{}');
      else held = response;
    });
    const write = desk.upstream.write('w');
    const send = (call = desk.callers.call()) =>
      write({ method: 'POST', target: '/w', tagsOf: () => [] }, call, () => 1);
    for (let n = 0; n < 40; n++) await send().catch(() => {});
    const opened = desk.calls();
    await send().catch(() => {});
    assert.equal(desk.calls(), opened, 'the circuit is open');
    await sleep(1_100);
    mode = 'hold';
    const leaver = desk.callers.call();
    const before = desk.writes.seen;
    const left = assert.rejects(send(leaver));
    await until(() => held !== undefined);
    leaver.deadline.release();
    await left;
    await turn();
    assert.equal(desk.writes.seen, before + 1, 'it has begun, and not ended');
    held?.end('{}');
    await until(() => desk.writes.seen === before + 2);
  });

  it('is logged when a circuit opens and when it closes, at one level', async () => {
    let isDown = true;
    await using desk = await open((_request, response) => {
      if (isDown) response.writeHead(500);
      response.end('{}');
    });
    const write = desk.upstream.write('w');
    const send = () =>
      write({ method: 'POST', target: '/w', tagsOf: () => [] }, desk.callers.call(), () => 1);
    const lines = () => desk.logged.filter(({ msg }) => msg.startsWith('circuit'));
    for (let n = 0; n < 40; n++) await send().catch(() => {});
    isDown = false;
    await until(() =>
      send().then(
        () => true,
        () => false,
      ),
    );
    assert.deepEqual(
      lines().map(({ level, msg }) => [level, msg]),
      [
        [40, 'circuit open'],
        [40, 'circuit closed'],
      ],
    );
  });

  it('a call that is refused for its rate is not sent again in halves', async () => {
    let limited = false;
    await using desk = await open((_request, response) => {
      if (limited) response.writeHead(429).end('{}');
      else response.end('{}');
    });
    const loadMany = desk.upstream.batch('b', {
      target: (keys) => `/b?ids=${keys.join(',')}`,
      read: (keys) => () => new Map(keys.map((key) => [key, key])),
      missingKeyError: () => new Error('absent'),
    });
    const load = (key: string, call: CallContext) => loadMany([key], call);
    for (let n = 0; n < 50; n++) await load(`k${n}`, desk.callers.call());
    limited = true;
    const before = desk.calls();
    await Promise.allSettled([...'abcd'].map((key) => load(key, desk.callers.call())));
    assert.equal(desk.calls() - before, 1);
  });

  it('the last failed attempt spends no budget: nothing is retried after it', async () => {
    const budget = new RetryBudget();
    for (let n = 0; n < 100; n++) budget.deposit();
    const passage = createCallPolicy(budget);
    let attempts = 0;
    const fail = () => {
      attempts++;
      return Promise.reject(new UpstreamFailure('connection', 'no'));
    };
    await assert.rejects(passage.read(fail, new AbortController().signal));
    let left = 0;
    while (budget.spend(1)) left++;
    assert.deepEqual({ attempts, left }, { attempts: 3, left: 8 });
  });
});
