import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { createJwtVerifier } from '../../src/auth/jwt.ts';
import { TokenCache } from '../../src/auth/token-cache.ts';
import { until } from '../support/until.ts';
import { ISSUER, inSeconds, isRefused, makeKey, startIssuer } from './issuer.ts';

describe('The token cache', () => {
  it('keeps no token beyond its expiry', () => {
    const cache = new TokenCache<{ id: string }>(60_000);
    cache.set('expired', { id: '1' }, inSeconds(-1));
    cache.set('valid', { id: '2' }, inSeconds(3_600));
    assert.equal(cache.get('expired'), undefined);
    assert.deepEqual(cache.get('valid'), { id: '2' });
  });

  it('keeps a verified token until it expires, by the clock of its issuer', async () => {
    await using issuer = await startIssuer();
    const verify = createJwtVerifier([issuer.config]);
    const token = await issuer.sign({ exp: inSeconds(3_600) });
    const viewer = await verify(token);
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 3_590_000 });
    try {
      assert.deepEqual(verify(token), viewer, 'without a promise');
      mock.timers.tick(80_000);
      await assert.rejects(async () => verify(token), { code: 'UNAUTHENTICATED' });
    } finally {
      mock.timers.reset();
    }
  });

  it('refuses a verified token after ten minutes if its key was withdrawn and no other token came', async () => {
    await using issuer = await startIssuer();
    const verify = createJwtVerifier([issuer.config]);
    const token = await issuer.sign();
    await verify(token);
    issuer.publish(await makeKey('second'));
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 601_000 });
    try {
      assert.ok(!(verify(token) instanceof Promise), 'does not wait for the keys');
      await until(() => isRefused(async () => verify(token)));
    } finally {
      mock.timers.reset();
    }
  });

  it('keeps nothing beyond its maximum age, also if the clock is set back', async () => {
    const cache = new TokenCache<{ id: string }>(20);
    cache.set('t', { id: '1' }, undefined);
    mock.timers.enable({ apis: ['Date'], now: Date.now() - 3_600_000 });
    try {
      await until(() => cache.get('t') === undefined);
    } finally {
      mock.timers.reset();
    }
  });

  it('refreshes the keys of every issuer for a known token', async () => {
    await using first = await startIssuer();
    await using second = await startIssuer();
    const iss = 'https://second.example';
    const verify = createJwtVerifier([first.config, { ...second.config, issuer: iss }]);
    const token = await second.sign({ iss });
    await verify(token);
    second.publish(await makeKey('other'));
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 601_000 });
    try {
      await until(() => isRefused(async () => verify(token)));
    } finally {
      mock.timers.reset();
    }
  });

  it('does not keep a token whose key was withdrawn while it was verified', async () => {
    await using issuer = await startIssuer();
    const verify = createJwtVerifier([issuer.config]);
    await verify(await issuer.sign({ jti: 'loads the keys' }));
    const token = await issuer.sign();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const check = crypto.subtle.verify.bind(crypto.subtle);
    const held = mock.method(
      crypto.subtle,
      'verify',
      async (...parameters: Parameters<typeof check>) => {
        const isValid = await check(...parameters);
        await released;
        return isValid;
      },
      { times: 1 },
    );
    try {
      const verifying = verify(token);
      await until(() => held.mock.callCount() === 1);
      const second = await makeKey('second');
      issuer.publish(second);
      mock.timers.enable({ apis: ['Date'], now: Date.now() + 40_000 });
      await verify(await issuer.sign({}, { key: second }));
      release();
      await verifying;
      await assert.rejects(async () => verify(token), { code: 'UNAUTHENTICATED' });
    } finally {
      held.mock.restore();
      mock.timers.reset();
    }
  });

  it('stores no expired token, which would evict a valid one', () => {
    const cache = new TokenCache<{ id: string }>(60_000);
    cache.set('valid', { id: '1' }, inSeconds(3_600));
    for (let n = 0; n < 20_000; n += 1) cache.set(`expired-${n}`, { id: '2' }, inSeconds(-1));
    assert.deepEqual(cache.get('valid'), { id: '1' });
  });

  it('gives each request its own viewer, also the first one', () => {
    const cache = new TokenCache<{ id: string }>(60_000);
    const viewer = { id: '1' };
    cache.set('t', viewer, undefined);
    viewer.id = '2';
    assert.deepEqual(cache.get('t'), { id: '1' });
    assert.notEqual(cache.get('t'), cache.get('t'));
  });

  it('returns a verified token without a promise, and is cleared when the keys change', async () => {
    await using issuer = await startIssuer();
    const verify = createJwtVerifier([issuer.config]);
    const token = await issuer.sign();

    const first = verify(token);
    assert.ok(first instanceof Promise);
    assert.deepEqual(await first, { role: 'customer', id: '42', issuer: ISSUER });
    assert.deepEqual(verify(token), await first, 'without a promise');

    const second = await makeKey('second');
    issuer.publish(second);
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 40_000 });
    try {
      // An unknown key id reloads the keys half a minute after the last load.
      await verify(await issuer.sign({}, { key: second }));
      const again = verify(token);
      assert.ok(again instanceof Promise);
      await assert.rejects(again, { code: 'UNAUTHENTICATED' });
    } finally {
      mock.timers.reset();
    }
  });
});
