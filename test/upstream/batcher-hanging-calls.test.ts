import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import pino from 'pino';
import { target } from '../../src/datasources/target.ts';
import type { CallContext } from '../../src/upstream/call-context.ts';
import { createUpstream, type UpstreamReply } from '../../src/upstream/upstream.ts';
import { until } from '../support/until.ts';
import { createCallers } from './controlled-upstream.ts';

/** As many calls as may be under way while nothing is known of the upstream. */
const LIMIT = 32;
const HOLE = /hole/;

/** A service that never answers a call with a hole in it, and an upstream that asks it. */
async function open(attemptTimeoutMs: number) {
  const seen: { keys: string; told: number; ended: boolean }[] = [];
  const server = createServer(({ url = '', headers }, response) => {
    const keys = new URL(url, 'http://local').searchParams.get('ids') ?? '';
    const entry = { keys, told: Number(headers['x-request-timeout-ms']), ended: false };
    seen.push(entry);
    response.on('close', () => {
      entry.ended = true;
    });
    if (HOLE.test(keys)) return;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys: keys.split(',') }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const upstream = createUpstream({
    name: 'holed',
    urls: [new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)],
    dnsServers: [],
    token: undefined,
    viewerKey: undefined,
    writeTimeoutMs: 60_000,
    attemptTimeoutMs,
    utilization: () => 0,
    writes: { seen: 0 },
    log: pino({ level: 'silent' }),
  });
  const loadMany = upstream.batch<{ keys: string[] }, string>('things', {
    target: (ids) => target(['things'], { ids }),
    read:
      () =>
      ({ body }: UpstreamReply<{ keys: string[] }>) =>
        new Map(body.keys.map((key) => [key, `${key}!`])),
    missingKeyError: () => new Error('absent'),
  });
  const callers = createCallers();
  async function load(key: string, call: CallContext): Promise<string> {
    const [value] = await loadMany([key], call);
    if (typeof value !== 'string') throw value ?? new Error('no value');
    return value;
  }
  return {
    seen,
    load,
    callers,
    async [Symbol.asyncDispose]() {
      callers[Symbol.dispose]();
      upstream.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('an upstream that never answers some calls', () => {
  it('holds up nobody while fewer calls than the limit hang', async () => {
    await using desk = await open(60_000);
    const leaver = desk.callers.call();
    const left = assert.rejects(desk.load('hole', leaver), { code: 'UPSTREAM_TIMEOUT' });
    await turn();
    assert.equal(await desk.load('a', desk.callers.call()), 'a!');
    assert.equal(await desk.load('b', desk.callers.call()), 'b!');
    leaver.deadline.release();
    await left;
    await until(() => desk.seen.every(({ ended }) => ended));
    assert.deepEqual(
      desk.seen.map(({ keys }) => keys),
      ['hole', 'a', 'b'],
    );
  });

  it('gets no more time than an attempt has: those who gathered then go on together', async () => {
    await using desk = await open(2_000);
    const lost = desk.callers.call();
    const holes = [];
    for (let n = 0; n < LIMIT; n++) {
      const hole = desk.load(`hole-${n}`, lost);
      holes.push(assert.rejects(hole, { code: 'UPSTREAM_TIMEOUT' }));
      await turn();
    }
    const gathered = [...'abc'].map((key) => desk.load(key, desk.callers.call()));
    assert.deepEqual(await Promise.all(gathered), ['a!', 'b!', 'c!']);
    const answered = desk.seen.filter(({ keys }) => !HOLE.test(keys));
    assert.deepEqual(
      answered.map(({ keys }) => keys),
      ['a,b,c'],
    );
    // Some are tried once more, and nothing is to be learnt from that.
    lost.deadline.release();
    await Promise.all(holes);
  });

  it('holds up nobody for longer than a call is usually out, and costs only the key at fault', async () => {
    await using desk = await open(1_000);
    for (let n = 0; n < 20; n++) await desk.load(`warm-${n}`, desk.callers.call());
    const lost = assert.rejects(desk.load('hole', desk.callers.call()), {
      code: 'UPSTREAM_TIMEOUT',
    });
    const together = desk.load('together', desk.callers.call());
    await turn();
    assert.equal(await desk.load('later', desk.callers.call()), 'later!');
    assert.ok(desk.seen.every(({ keys, ended }) => ended || HOLE.test(keys)));
    assert.equal(await together, 'together!');
    await lost;
  });

  it('is told the longest of the deadlines of a call', async () => {
    await using desk = await open(60_000);
    const [hour, twoHours] = [3_600_000, 7_200_000];
    const budgets = [hour, twoHours, hour];
    await Promise.all(
      budgets.map((budgetMs, n) => desk.load(`k${n}`, desk.callers.call(budgetMs))),
    );
    assert.equal(desk.seen.length, 1);
    const told = desk.seen[0]?.told ?? 0;
    assert.ok(told > hour && told <= twoHours, String(told));
  });
});
