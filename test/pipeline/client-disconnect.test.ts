import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { authorization, startEnvironment } from '../support/environment.ts';

/** Nothing but the client's leaving ends a call. */
const PATIENT = { REQUEST_DEADLINE_MS: '600000', UPSTREAM_ATTEMPT_TIMEOUT_MS: '600000' };
const QUERY = '{ dashboard { orders(first: 1) { id } } }';

for (const kept of ['64', '0']) {
  test(`with ${kept} MB for answers, a client that leaves takes its call of a service along`, async () => {
    const silent = createServer();
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    await using environment = await startEnvironment(mobile, {
      ...PATIENT,
      CACHE_MEMORY_MB: kept,
      ORDER_SERVICE_URL: url,
    });

    const client = new AbortController();
    const headers = {
      ...(await authorization(CAST.customer)),
      'content-type': 'application/json',
      'x-request-timeout-ms': '600000',
    };
    const body = JSON.stringify({ query: QUERY });
    const { signal } = client;
    const left = assert.rejects(
      fetch(environment.endpoint, { method: 'POST', headers, body, signal }),
      {
        name: 'AbortError',
      },
    );
    const [, call] = (await once(silent, 'request')) as [IncomingMessage, ServerResponse];
    const closed = once(call, 'close');
    client.abort();
    await Promise.all([left, closed]);
    silent.close();
  });
}
