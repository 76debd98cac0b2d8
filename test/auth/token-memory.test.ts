import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, mock } from 'node:test';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { TokenMemory } from '../../src/auth/token-memory.ts';
import { createViewerReader } from '../../src/auth/viewer.ts';

const TRUST = { issuer: 'https://issuer.example', audience: 'shop' };
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1_000) + seconds;

describe('verified tokens', () => {
  it('are not remembered beyond their own expiry', () => {
    const memory = new TokenMemory<{ id: string }>();
    memory.set('expired', { id: '1' }, inSeconds(-1));
    memory.set('valid', { id: '2' }, inSeconds(3_600));
    assert.equal(memory.get('expired'), undefined);
    assert.deepEqual(memory.get('valid'), { id: '2' });
  });

  it('give each request a viewer of its own', () => {
    const memory = new TokenMemory<{ id: string }>();
    memory.set('t', { id: '1' }, undefined);
    assert.notEqual(memory.get('t'), memory.get('t'));
  });

  it('are answered at once the second time, and forgotten when the keys are others', async () => {
    await using issuer = await startIssuer();
    const viewerOf = createViewerReader({ ...TRUST, jwksUrl: issuer.url });
    const old = `Bearer ${await issuer.sign('old')}`;

    const first = viewerOf(old);
    assert.ok(first instanceof Promise);
    assert.deepEqual(await first, { role: 'customer', id: '42', issuer: TRUST.issuer });
    assert.deepEqual(viewerOf(old), await first, 'without a promise, and so without a check');

    issuer.rotate();
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 40_000 });
    try {
      // A key id never seen before has the keys loaded again, once jose's cooldown is over.
      await viewerOf(`Bearer ${await issuer.sign('new')}`);
      const again = viewerOf(old);
      assert.ok(again instanceof Promise);
      await assert.rejects(again, { code: 'UNAUTHENTICATED' });
    } finally {
      mock.timers.reset();
    }
  });
});

/** An issuer that signs with "old" and, once it has changed its keys, publishes only "new". */
async function startIssuer() {
  const pairs = {
    old: await generateKeyPair('ES256', { extractable: true }),
    new: await generateKeyPair('ES256', { extractable: true }),
  };
  let published: keyof typeof pairs = 'old';
  const keys = {
    old: { ...(await exportJWK(pairs.old.publicKey)), kid: 'old', alg: 'ES256' },
    new: { ...(await exportJWK(pairs.new.publicKey)), kid: 'new', alg: 'ES256' },
  };
  const server = createServer((_request, response) => {
    response.end(JSON.stringify({ keys: [keys[published]] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`),
    sign: (kid: keyof typeof pairs) =>
      new SignJWT({ role: 'customer' })
        .setProtectedHeader({ alg: 'ES256', kid })
        .setIssuer(TRUST.issuer)
        .setAudience(TRUST.audience)
        .setSubject('42')
        .setExpirationTime('1h')
        .sign(pairs[kid].privateKey),
    rotate() {
      published = 'new';
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
