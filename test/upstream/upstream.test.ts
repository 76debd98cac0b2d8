import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { decodeJwt } from 'jose';
import { target } from '../../src/datasources/target.ts';
import type { CallContext } from '../../src/upstream/call-context.ts';
import { createClock } from '../support/clock.ts';
import { until } from '../support/until.ts';
import { startServer, startUpstream } from './upstream-harness.ts';

/** How long a circuit stays open before a probe. */
const OPEN_MS = 1_000;

describe('An upstream', () => {
  it('is called below the path of its URL', async () => {
    await using server = await startServer(({ url }, response) => {
      response.end(JSON.stringify({ url }));
    });
    for (const [path, expected] of [
      ['', '/loans?ids=1'],
      ['/', '/loans?ids=1'],
      ['/gateway/loans/', '/gateway/loans/loans?ids=1'],
    ]) {
      const urls = [new URL(server.origin + path)];
      await using library = await startUpstream(() => assert.fail(), { urls });
      const read = library.upstream.read('echo', 'public');
      const call = library.callers.call();
      const url = await read<{ url: string }, string>(
        { target: target(['loans'], { ids: '1' }) },
        call,
        ({ body }) => body.url,
      );
      assert.equal(url, expected);
    }
  });

  it('is read for a joiner of a coalesced call beyond the deadline of the first caller', async () => {
    const waiting: ServerResponse[] = [];
    await using library = await startUpstream((_request, response, index) => {
      if (index === 0) waiting.push(response);
      else response.end('{"v":1}');
    });
    const read = library.upstream.read('r', 'public');
    const timedOut = assert.rejects(
      read({ target: target(['r']) }, library.callers.call(100), () => 1),
      { code: 'UPSTREAM_TIMEOUT' },
    );
    const joiner = read({ target: target(['r']) }, library.callers.call(), () => 1);
    void joiner.catch(() => {});
    await timedOut;
    assert.equal(waiting.length, 1);
    waiting[0]?.writeHead(503).end('{}');
    assert.equal(await joiner, 1);
  });

  it('is called once for each role of viewers with the same id', async () => {
    const roles: unknown[] = [];
    const waiting: ServerResponse[] = [];
    await using library = await startUpstream(
      (request, response) => {
        roles.push(decodeJwt(String(request.headers['x-viewer'])).role);
        waiting.push(response);
      },
      { viewerKey: 'a key of the tests that has 32 bytes or more' },
    );
    const read = library.upstream.read('r', 'viewer');
    const loads = (['staff', 'customer'] as const).map((role) => {
      const viewer = { role, id: '1', issuer: 'https://issuer.example' };
      return read({ target: target(['r']) }, { ...library.callers.call(), viewer }, () => 1);
    });
    await until(() => roles.length === 2);
    for (const response of waiting) response.end('{}');
    await Promise.all(loads);
    assert.deepEqual(roles.sort(), ['customer', 'staff']);
  });

  it('counts a write as ended when it ends, not when the caller of a probe leaves', async () => {
    using clock = createClock();
    let held: ServerResponse | undefined;
    let isDown = true;
    await using library = await startUpstream((_request, response) => {
      if (isDown) response.writeHead(500).end('{}');
      else held = response;
    });
    const write = library.upstream.write('w');
    const send = (call = library.callers.call()) =>
      write({ method: 'POST', target: target(['w']), tagsOf: () => [] }, call, () => 1);
    for (let n = 0; n < 40; n++) await send().catch(() => {});
    const sent = library.requests();
    await send().catch(() => {});
    assert.equal(library.requests(), sent, 'the circuit is open');
    clock.advance(OPEN_MS);
    isDown = false;
    const leaver = library.callers.call();
    const before = library.writes.seen;
    const left = assert.rejects(send(leaver));
    await until(() => held !== undefined);
    leaver.deadline.release();
    await left;
    await turn();
    assert.equal(library.writes.seen, before + 1, 'it has begun, and not ended');
    held?.end('{}');
    await until(() => library.writes.seen === before + 2);
  });

  it('logs at one level when a circuit opens and when it closes', async () => {
    using clock = createClock();
    let isDown = true;
    await using library = await startUpstream((_request, response) => {
      if (isDown) response.writeHead(500);
      response.end('{}');
    });
    const write = library.upstream.write('w');
    const send = () =>
      write(
        { method: 'POST', target: target(['w']), tagsOf: () => [] },
        library.callers.call(),
        () => 1,
      );
    for (let n = 0; n < 40; n++) await send().catch(() => {});
    isDown = false;
    clock.advance(OPEN_MS);
    await send();
    assert.deepEqual(
      library.logged
        .filter(({ msg }) => msg.startsWith('circuit'))
        .map(({ level, msg }) => [level, msg]),
      [
        [40, 'circuit open'],
        [40, 'circuit closed'],
      ],
    );
  });

  it('is not sent the halves of a batch that it refused for its rate', async () => {
    let isLimited = false;
    await using library = await startUpstream((_request, response) => {
      if (isLimited) response.writeHead(429);
      response.end('{}');
    });
    const loadMany = library.upstream.batch('b', {
      target: (ids) => target(['b'], { ids }),
      read: (keys) => () => new Map(keys.map((key) => [key, key])),
      missingKeyError: () => new Error('absent'),
    });
    const load = (key: string, call: CallContext) => loadMany([key], call);
    for (let n = 0; n < 50; n++) await load(`k${n}`, library.callers.call());
    isLimited = true;
    const before = library.requests();
    await Promise.allSettled([...'abcd'].map((key) => load(key, library.callers.call())));
    assert.equal(library.requests() - before, 1);
  });
});
