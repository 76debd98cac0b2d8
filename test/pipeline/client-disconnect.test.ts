import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { authorization } from '../support/environment.ts';
import { CAST } from '../support/fixture/cast.ts';
import { startLibrary } from '../support/fixture/environment.ts';

/** Only a disconnect ends a call. */
const PATIENT = { REQUEST_DEADLINE_MS: '600000', UPSTREAM_ATTEMPT_TIMEOUT_MS: '600000' };
const QUERY = '{ home { loans(first: 1) { id } } }';

describe('A client that disconnects', () => {
  for (const cacheMb of ['64', '0']) {
    it(`aborts its upstream call, with a cache of ${cacheMb} MB`, async () => {
      const silent = createServer();
      await once(silent.listen(0, '127.0.0.1'), 'listening');
      const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
      await using environment = await startLibrary({
        ...PATIENT,
        CACHE_MEMORY_MB: cacheMb,
        LENDING_SERVICE_URL: url,
      });

      const client = new AbortController();
      const headers = {
        ...(await authorization(CAST.reader)),
        'content-type': 'application/json',
        'x-request-timeout-ms': '600000',
      };
      const body = JSON.stringify({ query: QUERY });
      const { signal } = client;
      const sent = fetch(environment.endpoint, { method: 'POST', headers, body, signal });
      const aborted = assert.rejects(sent, { name: 'AbortError' });
      const [, call] = (await once(silent, 'request')) as [IncomingMessage, ServerResponse];
      const closed = once(call, 'close');
      client.abort();
      await Promise.all([aborted, closed]);
      silent.close();
    });
  }
});
