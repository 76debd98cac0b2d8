import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { createUserService } from '../../services/user/service.ts';
import { DEMO_AUDIENCE, DEMO_ISSUER, issueToken } from '../../services/user/tokens.ts';
import { start } from './client.ts';

const expected = { issuer: DEMO_ISSUER, audience: DEMO_AUDIENCE, algorithms: ['ES256'] };

test('issued tokens verify against the published keys', async () => {
  await using users = await start(createUserService);
  const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', users.url));
  const { status, body } = await users.send('POST', '/tokens', { userId: '42' });
  assert.equal(status, 201);
  const { payload } = await jwtVerify(body.token, keys, expected);
  assert.deepEqual([payload.sub, payload.role], ['42', 'customer']);
  assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 3600);

  const staff = await issueToken({ userId: '1', role: 'staff', expiresIn: 60 });
  const verified = await jwtVerify(staff, keys, expected);
  assert.equal(verified.payload.role, 'staff');
  assert.equal((verified.payload.exp ?? 0) - (verified.payload.iat ?? 0), 60);
});

test('the published keys hold nothing private', async () => {
  await using users = await start(createUserService);
  const { body } = await users.get('/.well-known/jwks.json');
  assert.deepEqual(Object.keys(body.keys[0]).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
});

test('wrong token requests are refused', async () => {
  await using users = await start(createUserService);
  const wrong = [
    [{}, 'userId', 'missing'],
    [{ userId: 42 }, 'userId', 'wrong_type'],
    [{ userId: 'a b' }, 'userId', 'malformed'],
    [{ userId: '42', role: 'admin' }, 'role', 'unknown'],
    [{ userId: '42', expiresIn: 0 }, 'expiresIn', 'out_of_range'],
  ] as const;
  for (const [request, field, code] of wrong) {
    const { status, body } = await users.send('POST', '/tokens', request);
    assert.deepEqual([status, body.errors], [422, [{ field, code }]]);
  }
});
