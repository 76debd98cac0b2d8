import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import pino from 'pino';
import { target } from '../../src/datasources/target.ts';
import { RequestDeadline } from '../../src/deadline.ts';
import type { CallContext } from '../../src/upstream/call-context.ts';
import { createUpstream } from '../../src/upstream/upstream.ts';

async function startEcho() {
  const server = createServer(({ url }, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ url }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('an upstream', () => {
  it('is asked below the path of its address, if that has one', async () => {
    await using echo = await startEcho();
    const deadline = new RequestDeadline(10_000);
    const call: CallContext = { requestId: 'r', viewer: { role: 'anonymous' }, deadline };
    for (const [path, expected] of [
      ['', '/users?ids=1'],
      ['/', '/users?ids=1'],
      ['/gateway/users/', '/gateway/users/users?ids=1'],
    ]) {
      const upstream = createUpstream({
        name: 'user',
        urls: [new URL(echo.origin + path)],
        dnsServers: [],
        token: undefined,
        viewerKey: undefined,
        attemptTimeoutMs: 5_000,
        writeTimeoutMs: 60_000,
        utilization: () => 0,
        writes: { seen: 0 },
        log: pino({ level: 'silent' }),
      });
      const ask = upstream.read('echo', 'public');
      const url = await ask<{ url: string }, string>(
        { target: target(['users'], { ids: ['1'] }) },
        call,
        ({ body }) => body.url,
      );
      upstream.close();
      assert.equal(url, expected);
    }
    deadline.release();
  });
});
