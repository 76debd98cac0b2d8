import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { staff } from '../../../src/auth/rules.ts';
import { createToken } from '../../support/environment.ts';
import { startOtlpReceiver } from '../../support/otlp-receiver.ts';
import { sessionCookie } from '../../support/session.ts';
import { OPEN, recorder, startProxy } from './harness.ts';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('A pass-through route', () => {
  it('takes the session of a browser, with the header against forged requests only', async () => {
    const { handle, seen } = recorder();
    await using proxy = await startProxy(handle, [{ ...OPEN, permission: staff() }]);
    const cookie = await sessionCookie(await createToken('staff'));
    const statusOf = async (headers: Record<string, string>) =>
      (await fetch(`${proxy.url}/x/1`, { method: 'POST', headers })).status;
    assert.equal(await statusOf({ cookie }), 403);
    assert.equal(seen.length, 0);
    assert.equal(await statusOf({ cookie, 'x-csrf-protection': '1' }), 200);
    assert.equal(seen[0]?.headers.cookie, undefined);
  });

  it('is traced: phases, and the call, which the service continues', async () => {
    const { handle, seen } = recorder();
    await using receiver = await startOtlpReceiver();
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      OTEL_TRACES_SAMPLER: 'always_on',
    };
    await using proxy = await startProxy(handle, {}, env);
    const headers = { traceparent: TRACEPARENT, baggage: 'a=1' };
    await (await fetch(`${proxy.url}/x/1?a=1`, { headers })).text();
    const [trace = []] = await receiver.traces(1);
    assert.deepEqual(trace.map(({ name }) => name).sort(), [
      'GET',
      'GET /x/*',
      'admit',
      'authenticate',
      'authorize-request',
      'charge',
      'check-rate-limit',
      'forward',
      'order.read /x/*',
    ]);
    const call = trace.find(({ name }) => name === 'GET');
    assert.equal(call?.attributes['http.response.status_code'], 200);
    assert.match(String(seen[0]?.headers.traceparent), new RegExp(`-${call?.spanId}-01$`));
    assert.equal(seen[0]?.headers.baggage, undefined);
    const root = trace.find(({ name }) => name === 'GET /x/*');
    assert.equal(root?.attributes['url.path'], '/x/1');
  });
});
