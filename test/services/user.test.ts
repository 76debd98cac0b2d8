import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { CAST, EXTERNAL_USERS, SEEDED_USERS } from '../../services/support/cast.ts';
import { DEMO_AUDIENCE, DEMO_ISSUER, issueToken } from '../../services/support/tokens.ts';
import { createUserService } from '../../services/user/service.ts';
import { byId, idsOf, readPages, start } from './harness.ts';

describe('User service', () => {
  it('returns a user by id with every property of the contract', async () => {
    await using users = await start(createUserService);
    const { status, body } = await users.get('/users/42');
    assert.equal(status, 200);
    const { email, createdAt, ...rest } = body;
    assert.deepEqual(rest, {
      id: '42',
      name: 'Amara Okafor',
      avatarUrl: 'https://avatars.frontdesk.example/42.png',
      locale: 'en-GB',
    });
    assert.match(email, /^amara\.okafor42@example\./);
    assert.equal(new Date(createdAt).toISOString(), createdAt);
  });

  it('does not find unknown ids, including those that resemble known ones', async () => {
    await using users = await start(createUserService);
    for (const id of ['1001', '0', '042', '42.0', '%20', 'abc', '9'.repeat(90), '__proto__']) {
      const answer = await users.get(`/users/${id}`);
      assert.deepEqual(answer, { status: 404, body: { code: 'not_found' } }, id);
    }
  });

  it('reports a deleted user as gone in reads, changes, batches and searches', async () => {
    await using users = await start(createUserService);
    const deleted = { status: 410, body: { code: 'deleted' } };
    assert.deepEqual(await users.get(`/users/${CAST.deleted}`), deleted);
    assert.deepEqual(await users.send('PATCH', `/users/${CAST.deleted}`, { name: 'X' }), deleted);
    const { body } = await users.get(`/users?ids=42,${CAST.deleted},4711`);
    assert.deepEqual([idsOf(body.users), body.deleted], [['42'], [CAST.deleted]]);
    const found = await users.get('/users?search=casper%20lindqvist');
    assert.ok(!idsOf(found.body.users).includes(CAST.deleted));
  });

  it('returns each user of a batch once, in another order than requested', async () => {
    await using users = await start(createUserService);
    const { body } = await users.get('/users?ids=3,1,2,1');
    assert.notDeepEqual(idsOf(body.users), ['3', '1', '2']);
    assert.deepEqual(idsOf(body.users.sort(byId)), ['1', '2', '3']);
    const hundred = Array.from({ length: 100 }, (_, index) => index + 100);
    assert.equal((await users.get(`/users?ids=${hundred}`)).body.users.length, 100);
  });

  it('refuses invalid queries and names the reason', async () => {
    await using users = await start(createUserService);
    const wrong: [query: string, field: string, code: string][] = [
      ['ids=', 'ids', 'malformed'],
      ['ids=1,,2', 'ids', 'malformed'],
      [`ids=${Array(101).fill(1)}`, 'ids', 'too_many'],
      ['ids=1&ids=2', 'ids', 'wrong_type'],
      ['ids=1&search=a', 'search', 'unknown_field'],
      ['ids=1&limit=2', 'limit', 'unknown_field'],
      ['limit=0', 'limit', 'out_of_range'],
      ['limit=101', 'limit', 'out_of_range'],
      ['limit=ten', 'limit', 'malformed'],
      ['cursor=nonsense', 'cursor', 'malformed'],
      ['cursor=WzEsMl0', 'cursor', 'malformed'],
      [`search=${'a'.repeat(201)}`, 'search', 'too_long'],
      ['sort=name', 'sort', 'unknown_field'],
    ];
    for (const [query, field, code] of wrong) {
      const body = { code: 'invalid', errors: [{ field, code }] };
      assert.deepEqual(await users.get(`/users?${query}`), { status: 400, body }, query);
    }
  });

  it('ignores case in a search and treats wildcards literally', async () => {
    await using users = await start(createUserService);
    const found = await users.get('/users?search=AMARA');
    assert.ok(idsOf(found.body.users).includes('42'));
    const accent = await users.get(`/users?search=${encodeURIComponent('FERNÁNDEZ')}&limit=100`);
    assert.ok(idsOf(accent.body.users).includes('43'));
    const byEmail = await users.get('/users?search=okafor42@EXAMPLE');
    assert.deepEqual(idsOf(byEmail.body.users), ['42']);
    for (const wildcard of ['%25', '_', '%5C', '%27']) {
      const { body } = await users.get(`/users?search=a${wildcard}a`);
      assert.deepEqual(body, { users: [], nextCursor: null });
    }
  });

  it('pages through all users who are not deleted, sorted by name, then id', async () => {
    await using users = await start(createUserService);
    const all = (await readPages(users, '/users?limit=77', 'users')) as {
      id: string;
      name: string;
    }[];
    const count = SEEDED_USERS - 1 + EXTERNAL_USERS.length;
    assert.equal(all.length, count);
    assert.equal(new Set(idsOf(all)).size, count);
    const sorted = all.toSorted(
      (a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)) || byId(a, b),
    );
    assert.deepEqual(idsOf(all), idsOf(sorted));
    assert.equal((await users.get('/users')).body.users.length, 20);
  });

  it('returns a cursor with each entry that continues after it', async () => {
    await using users = await start(createUserService);
    const { body } = await users.get('/users?limit=5');
    const next = await users.get(`/users?limit=3&cursor=${body.users[1].cursor}`);
    assert.deepEqual(idsOf(next.body.users), idsOf(body.users.slice(2)));
  });

  it('changes only the given fields of a profile', async () => {
    await using users = await start(createUserService);
    const { body: before } = await users.get('/users/42');
    const change = { name: 'Amara 🌍 Ökafor', avatarUrl: null, locale: 'de-de' };
    const { status, body } = await users.send('PATCH', '/users/42', change);
    assert.equal(status, 200);
    assert.deepEqual(body, { ...before, ...change, locale: 'de-DE' });
    assert.deepEqual((await users.get('/users/42')).body, body);
    assert.deepEqual((await users.send('PATCH', '/users/42', {})).body, body);
    const found = await users.get(`/users?search=${encodeURIComponent('ökafor')}`);
    assert.deepEqual(idsOf(found.body.users), ['42']);
  });

  it('names every invalid field of a profile change and changes nothing', async () => {
    await using users = await start(createUserService);
    const { body: before } = await users.get('/users/42');
    const { status, body } = await users.send('PATCH', '/users/42', {
      name: ' \t',
      avatarUrl: 'javascript:alert(1)',
      locale: 'klingon',
      email: 'me@example.com',
    });
    assert.equal(status, 422);
    assert.deepEqual(body.errors, [
      { field: 'name', code: 'blank' },
      { field: 'avatarUrl', code: 'not_a_url' },
      { field: 'locale', code: 'unknown_locale' },
      { field: 'email', code: 'unknown_field' },
    ]);
    const long = await users.send('PATCH', '/users/42', { name: '🦊'.repeat(201) });
    assert.deepEqual(long.body.errors, [{ field: 'name', code: 'too_long' }]);
    assert.deepEqual((await users.get('/users/42')).body, before);
    const fits = await users.send('PATCH', '/users/42', { name: '🦊'.repeat(200) });
    assert.equal(fits.status, 200);
  });

  it('answers invalid JSON, a body that is no object and an unknown route with 4xx and a code', async () => {
    await using users = await start(createUserService);
    assert.deepEqual(await users.send('PATCH', '/users/42', '{"name":'), {
      status: 400,
      body: { code: 'malformed_body' },
    });
    assert.equal((await users.send('PATCH', '/users/42', '[]')).status, 422);
    assert.equal((await users.send('PATCH', '/users/42', 'null')).status, 422);
    assert.equal((await users.send('PATCH', '/users/42')).status, 422);
    const text = await users.send('PATCH', '/users/42', 'hi', { 'content-type': 'text/plain' });
    assert.deepEqual(text, { status: 415, body: { code: 'unsupported_media_type' } });
    const large = await users.send('PATCH', '/users/42', { name: 'a'.repeat(2_000_000) });
    assert.deepEqual(large, { status: 413, body: { code: 'too_large' } });
    assert.deepEqual(await users.get('/nowhere'), { status: 404, body: { code: 'unknown_route' } });
    assert.equal((await users.send('DELETE', '/users/42')).status, 404);
    assert.deepEqual(await users.get('/users/%E0%A4%A'), {
      status: 400,
      body: { code: 'malformed_url' },
    });
  });
});

describe('User service tokens', () => {
  const expected = { issuer: DEMO_ISSUER, audience: DEMO_AUDIENCE, algorithms: ['ES256'] };

  it('verify against the published keys', async () => {
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

  it('are verified by keys without private parts', async () => {
    await using users = await start(createUserService);
    const { body } = await users.get('/.well-known/jwks.json');
    assert.deepEqual(Object.keys(body.keys[0]).sort(), [
      'alg',
      'crv',
      'kid',
      'kty',
      'use',
      'x',
      'y',
    ]);
  });

  it('are refused for invalid requests', async () => {
    await using users = await start(createUserService);
    const wrong = [
      [{}, 'userId', 'missing'],
      [{ userId: 42 }, 'userId', 'wrong_type'],
      [{ userId: 'a\nb' }, 'userId', 'malformed'],
      [{ userId: '42', role: 'admin' }, 'role', 'unknown'],
      [{ userId: '42', expiresIn: 0 }, 'expiresIn', 'out_of_range'],
    ] as const;
    for (const [request, field, code] of wrong) {
      const { status, body } = await users.send('POST', '/tokens', request);
      assert.deepEqual([status, body.errors], [422, [{ field, code }]]);
    }
  });
});
