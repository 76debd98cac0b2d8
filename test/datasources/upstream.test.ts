import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import pino from 'pino';
import { createUpstream } from '../../src/datasources/http.ts';
import { target } from '../../src/datasources/target.ts';

async function startEcho() {
  const server = createServer(({ url }, response) => response.end(JSON.stringify({ url })));
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
    const call = { requestId: 'r', deadline: performance.now() + 10_000 };
    for (const [path, expected] of [
      ['', '/users?ids=1'],
      ['/', '/users?ids=1'],
      ['/gateway/users/', '/gateway/users/users?ids=1'],
    ]) {
      const upstream = createUpstream(
        'user',
        [new URL(echo.origin + path)],
        pino({ level: 'silent' }),
      );
      const url = await upstream.request<{ url: string }, string>(
        target(['users'], { ids: ['1'] }),
        call,
        ({ body }) => body.url,
      );
      assert.equal(url, expected);
    }
  });
});
