import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { type LibraryEnvironment, startLibrary } from '../support/fixture/environment.ts';

const HSTS = 'strict-transport-security';
const HTTPS = { 'x-forwarded-proto': 'https' };
const QUERY = '{ member(id: "42") { name } }';
const BEHIND_A_PROXY = { TRUSTED_PROXIES: '127.0.0.1', CACHE_MEMORY_MB: '64' };

/** One response of each kind: executed, stored, refused, health, unknown path. */
async function responsesOf(environment: LibraryEnvironment, headers: Record<string, string>) {
  const executed = await environment.send(QUERY, { headers });
  const stored = await environment.send(QUERY, { headers });
  assert.match(stored.headers.get('cache-status') ?? '', /; hit/);
  const refused = await environment.post('{', headers);
  const health = await fetch(`${environment.url}/healthz`, { headers });
  const unknown = await fetch(`${environment.url}/nothing-here`, { headers });
  return { executed, stored, refused, health, unknown };
}

async function hstsOf(environment: LibraryEnvironment, headers: Record<string, string>) {
  const responses = Object.entries(await responsesOf(environment, headers));
  return new Set(responses.map(([, response]) => response.headers.get(HSTS)));
}

describe('Strict-Transport-Security', () => {
  it('is sent with every response if a trusted proxy reports https', async () => {
    await using environment = await startLibrary(BEHIND_A_PROXY);
    assert.deepEqual(
      await hstsOf(environment, HTTPS),
      new Set(['max-age=31536000; includeSubDomains']),
    );
  });

  it('is not sent over plain http', async () => {
    await using environment = await startLibrary(BEHIND_A_PROXY);
    assert.deepEqual(await hstsOf(environment, {}), new Set([null]));
    assert.deepEqual(await hstsOf(environment, { 'x-forwarded-proto': 'http' }), new Set([null]));
  });

  it('is not sent because a client that is no trusted proxy claims https', async () => {
    for (const env of [{}, { TRUSTED_PROXIES: '10.0.0.1' }]) {
      await using environment = await startLibrary({ CACHE_MEMORY_MB: '64', ...env });
      assert.deepEqual(await hstsOf(environment, HTTPS), new Set([null]));
    }
  });

  it('is not sent on a connection whose bytes are not HTTP', async () => {
    await using environment = await startLibrary(BEHIND_A_PROXY);
    const socket = connect(Number(new URL(environment.url).port), '127.0.0.1');
    socket.write('nonsense\r\n\r\n');
    const response = await text(socket);
    assert.match(response, /^HTTP\/1\.1 400 .*^x-content-type-options: nosniff\r$/ms);
    assert.doesNotMatch(response, new RegExp(HSTS, 'i'));
  });
});
