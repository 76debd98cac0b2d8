import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { createJwtVerifier } from '../../src/auth/jwt.ts';
import { TokenCache } from '../../src/auth/token-cache.ts';
import { until } from '../support/until.ts';
import { ISSUER, inSeconds, makeKey, startIssuer } from './issuer.ts';

const isRefused = (verify: () => Promise<unknown>): Promise<boolean> =>
  verify().then(
    () => false,
    ({ code }) => code === 'UNAUTHENTICATED',
  );

describe('The token cache', () => {
  it('keeps no token beyond its expiry', () => {
    const cache = new TokenCache<{ id: string }>();
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

  it('gives each request its own viewer', () => {
    const cache = new TokenCache<{ id: string }>();
    cache.set('t', { id: '1' }, undefined);
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
