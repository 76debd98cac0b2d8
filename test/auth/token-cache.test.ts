import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { createJwtVerifier } from '../../src/auth/jwt.ts';
import { TokenCache } from '../../src/auth/token-cache.ts';
import { ISSUER, inSeconds, makeKey, startIssuer } from './issuer.ts';

describe('verified tokens', () => {
  it('are not remembered beyond their own expiry', () => {
    const memory = new TokenCache<{ id: string }>();
    memory.set('expired', { id: '1' }, inSeconds(-1));
    memory.set('valid', { id: '2' }, inSeconds(3_600));
    assert.equal(memory.get('expired'), undefined);
    assert.deepEqual(memory.get('valid'), { id: '2' });
  });

  it('give each request a viewer of its own', () => {
    const memory = new TokenCache<{ id: string }>();
    memory.set('t', { id: '1' }, undefined);
    assert.notEqual(memory.get('t'), memory.get('t'));
  });

  it('are answered at once the second time, and forgotten when the keys are others', async () => {
    await using issuer = await startIssuer();
    const viewerOf = createJwtVerifier(issuer.trust);
    const old = await issuer.sign();

    const first = viewerOf(old);
    assert.ok(first instanceof Promise);
    assert.deepEqual(await first, { role: 'customer', id: '42', issuer: ISSUER });
    assert.deepEqual(viewerOf(old), await first, 'without a promise, and so without a check');

    const second = await makeKey('second');
    issuer.publish(second);
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 40_000 });
    try {
      // A key id never seen before has the keys loaded again, half a minute after the last time.
      await viewerOf(await issuer.sign({}, { key: second }));
      const again = viewerOf(old);
      assert.ok(again instanceof Promise);
      await assert.rejects(again, { code: 'UNAUTHENTICATED' });
    } finally {
      mock.timers.reset();
    }
  });
});
