import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { formatKey, formatKeyFile, secretHash } from '../../src/auth/api-key-file.ts';
import { createCredentialReader } from '../../src/auth/credentials.ts';
import { createAuth } from '../../src/auth/login/index.ts';
import { createOneTimeValues } from '../../src/auth/one-time-values.ts';
import { loadConfig } from '../../src/config/index.ts';
import { library } from '../support/fixture/bff.ts';
import { LOGIN, sealSession, sessionCookie } from '../support/session.ts';
import { startEndpoint } from './endpoint.ts';
import { ISSUER, type Issuer, inSeconds, makeKey, startIssuer } from './issuer.ts';

const log = { error() {}, warn() {}, info() {}, debug() {} };
const SECRET = 'k'.repeat(43);
const KEY = formatKey('acme-1', SECRET);
const ACME = { role: 'partner', partner: 'acme', scopes: ['orders:read'] };
const PAGE = 'https://shop.example';
const CSRF_HEADER = { 'x-csrf-protection': '1' };

const unauthenticated = (message: RegExp) => ({
  name: 'BffError',
  code: 'UNAUTHENTICATED',
  message,
});
const FORBIDDEN = { name: 'BffError', code: 'FORBIDDEN' };

describe('The credential reader', () => {
  let issuer: Issuer;
  let introspection: Awaited<ReturnType<typeof startEndpoint>>;
  let folder: string;
  before(async () => {
    issuer = await startIssuer();
    introspection = await startEndpoint((response, { body }) => {
      const active = body.includes('token=opaque&');
      response.end(JSON.stringify({ active, sub: '7', role: 'customer', scope: 'profile:read' }));
    });
    folder = await mkdtemp(join(tmpdir(), 'credentials-'));
    const key = { id: 'acme-1', partner: 'acme', hash: secretHash(SECRET).toString('hex') };
    const stored = { ...key, scopes: ACME.scopes, createdAt: '2026-01-01T00:00:00Z' };
    await writeFile(join(folder, 'keys.json'), formatKeyFile([stored]));
  });
  after(async () => {
    await issuer[Symbol.asyncDispose]();
    await introspection[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  type Options = Partial<Parameters<typeof createCredentialReader>[0]>;
  /** A reader that accepts all credentials, with some options changed. */
  function createReader(changed: Options = {}) {
    const sent: string[] = [];
    const setCookie = (header: string) => sent.push(header);
    const { login } = loadConfig(LOGIN, library);
    assert.ok(login);
    const { readViewer, close } = createCredentialReader({
      issuers: [issuer.config],
      sessions: createAuth(login, { issuers: [issuer.config], redis: undefined, log }).sessions,
      introspection: { url: introspection.url, clientId: 'c', clientSecret: 's' },
      apiKeysPath: join(folder, 'keys.json'),
      credentials: ['cookie', 'key'],
      corsOrigins: [PAGE],
      isDevelopment: false,
      usedProofs: createOneTimeValues('test:'),
      log,
      ...changed,
    });
    const readProof = () => assert.fail('no token is bound to a key');
    const readViewerSync = (headers: IncomingHttpHeaders) =>
      readViewer({ headers, setCookie, readProof });
    return {
      readViewerSync,
      readViewer: async (headers: IncomingHttpHeaders) => readViewerSync(headers),
      /** The Set-Cookie headers that were sent. */
      sent,
      [Symbol.dispose]: close,
    };
  }

  const cookieOf = async (changed: Record<string, unknown> = {}) =>
    sessionCookie(await issuer.sign(changed));

  it('returns the anonymous viewer only without a credential, also with other cookies', async () => {
    using reader = createReader();
    const names = ['session', '__host-session', 'x__Host-session', '__Host-sessions', '__Host-'];
    for (const cookie of [undefined, '', ...names.map((name) => `a=b; ${name}=x`)]) {
      const headers: IncomingHttpHeaders = cookie === undefined ? {} : { cookie };
      assert.deepEqual(reader.readViewerSync(headers), { role: 'anonymous' }, cookie ?? 'none');
    }
    assert.deepEqual(reader.readViewerSync({ cookie: 'a="__Host-session=x"' }), {
      role: 'anonymous',
    });
  });

  it('authenticates by a JWT, an opaque token, an API key or a session', async () => {
    using reader = createReader();
    const { readViewer } = reader;
    const user = { role: 'customer', id: '42', issuer: ISSUER };
    assert.deepEqual(await readViewer({ authorization: `Bearer ${await issuer.sign()}` }), user);
    assert.deepEqual(await readViewer({ authorization: 'bearer opaque' }), {
      role: 'customer',
      id: '7',
      issuer: ISSUER,
      scopes: ['profile:read'],
    });
    assert.deepEqual(reader.readViewerSync({ 'x-api-key': KEY }), ACME, 'without a promise');
    const cookie = `a=b;${await cookieOf({ sub: '43' })} ; c=d`;
    assert.deepEqual(await readViewer({ cookie, ...CSRF_HEADER }), { ...user, id: '43' });
    assert.deepEqual(
      reader.readViewerSync({ cookie, ...CSRF_HEADER }),
      { ...user, id: '43' },
      'without a promise',
    );
  });

  it('prefers the credential of the client to the cookie that the browser adds', async () => {
    using reader = createReader();
    const cookie = await cookieOf({ sub: '43' });
    const authorization = `Bearer ${await issuer.sign()}`;
    assert.deepEqual(await reader.readViewer({ authorization, cookie }), {
      role: 'customer',
      id: '42',
      issuer: ISSUER,
    });
    assert.deepEqual(await reader.readViewer({ 'x-api-key': KEY, cookie }), ACME);
    // An invalid credential is refused even if the session is valid.
    for (const headers of [{ authorization: 'Bearer a.b.c' }, { 'x-api-key': 'fdk_x_y' }]) {
      await assert.rejects(
        reader.readViewer({ ...headers, cookie, ...CSRF_HEADER }),
        unauthenticated(/./),
      );
    }
  });

  it('refuses a token and an API key together, even if both are valid', async () => {
    using reader = createReader();
    const authorization = `Bearer ${await issuer.sign()}`;
    for (const headers of [
      { authorization, 'x-api-key': KEY },
      { authorization: '', 'x-api-key': KEY },
      { authorization, 'x-api-key': '' },
    ]) {
      await assert.rejects(reader.readViewer(headers), unauthenticated(/not both/));
    }
  });

  it('never treats an invalid credential as absent', async () => {
    using reader = createReader();
    const invalid: Record<string, IncomingHttpHeaders> = {
      'an empty header': { authorization: '' },
      'no token': { authorization: 'Bearer' },
      'an empty token': { authorization: 'Bearer ' },
      'another scheme': { authorization: 'Basic dXNlcjpwYXNz' },
      'a key as a token': { authorization: KEY },
      'two tokens': { authorization: 'Bearer opaque opaque' },
      'a token with a character that tokens cannot have': { authorization: 'Bearer opaque"' },
      'an unknown opaque token': { authorization: 'Bearer other' },
      'an empty key': { 'x-api-key': '' },
      'two keys': { 'x-api-key': [KEY, KEY] },
      'two keys in one header': { 'x-api-key': `${KEY}, ${KEY}` },
      'an empty session': { cookie: '__Host-session=', ...CSRF_HEADER },
      'an opaque session': { cookie: '__Host-session=opaque', ...CSRF_HEADER },
      'a key as a session': { cookie: `__Host-session=${KEY}`, ...CSRF_HEADER },
      'a token as a session': { cookie: `__Host-session=${await issuer.sign()}`, ...CSRF_HEADER },
      'a quoted session': {
        cookie: `__Host-session="${await sealSession(await issuer.sign())}"`,
        ...CSRF_HEADER,
      },
      'a session sealed with another secret': {
        cookie: `__Host-session=${await sealSession(await issuer.sign(), {}, { secret: 'x'.repeat(32) })}`,
        ...CSRF_HEADER,
      },
      'a session with an opaque token that is not active': {
        cookie: await sessionCookie('other'),
        ...CSRF_HEADER,
      },
      'a session with a token that is bound to a key': {
        cookie: await cookieOf({ cnf: { jkt: 'a'.repeat(43) } }),
        ...CSRF_HEADER,
      },
      'two sessions': { cookie: `${await cookieOf()}; ${await cookieOf()}`, ...CSRF_HEADER },
      'a session and an empty one': {
        cookie: `${await cookieOf()}; __Host-session=`,
        ...CSRF_HEADER,
      },
      'too many cookies': { cookie: `${await cookieOf()}; a=${'x'.repeat(8_192)}`, ...CSRF_HEADER },
    };
    for (const [what, headers] of Object.entries(invalid)) {
      await assert.rejects(reader.readViewer(headers), { code: 'UNAUTHENTICATED' }, what);
    }
  });

  it('ends a session that is over, expired, or has a token that is not accepted', async () => {
    const stranger = await issuer.sign({}, { key: { ...(await makeKey('first')), kid: 'first' } });
    const past = Date.now() - 1;
    const token = await issuer.sign();
    for (const cookie of [
      await cookieOf({ exp: inSeconds(-60) }),
      await sessionCookie(stranger),
      `__Host-session=${await sealSession(token, { expiresAt: past })}`,
      `__Host-session=${await sealSession(token, { accessExpiresAt: past })}`,
      '__Host-session=x',
    ]) {
      using reader = createReader();
      const refused = reader.readViewer({ cookie, ...CSRF_HEADER });
      await assert.rejects(refused, unauthenticated(/sign in again/));
      assert.deepEqual(
        [...new Set(reader.sent)],
        ['__Host-session=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0'],
      );
    }
  });

  it('refuses credentials that the BFF does not accept', async () => {
    using reader = createReader({ credentials: [], introspection: undefined, sessions: undefined });
    const { readViewer } = reader;
    await assert.rejects(
      readViewer({ 'x-api-key': KEY }),
      unauthenticated(/keys are not accepted here/),
    );
    await assert.rejects(readViewer({ authorization: 'Bearer opaque' }), unauthenticated(/JWT/));
    // Browsers attach cookies automatically, so a cookie is ignored where sessions are not accepted.
    assert.deepEqual(await readViewer({ cookie: await cookieOf() }), { role: 'anonymous' });
    using without = createReader({ apiKeysPath: undefined });
    await assert.rejects(
      without.readViewer({ 'x-api-key': KEY }),
      unauthenticated(/not accepted here/),
    );
  });

  it('throws UPSTREAM_UNAVAILABLE while a token cannot be verified, also for a session', async () => {
    await using dead = await startEndpoint((response) => response.writeHead(500).end());
    using reader = createReader({
      issuers: [{ ...issuer.config, jwksUrl: dead.url }],
      introspection: { url: dead.url, clientId: 'c', clientSecret: 's' },
    });
    for (const headers of [
      { authorization: `Bearer ${await issuer.sign()}` },
      { authorization: 'Bearer opaque' },
      { cookie: await cookieOf(), ...CSRF_HEADER },
    ]) {
      await assert.rejects(reader.readViewer(headers), { code: 'UPSTREAM_UNAVAILABLE' });
    }
  });

  it('refuses a session that a page of another site may have used', async () => {
    using reader = createReader();
    const cookie = await cookieOf();
    const forged: Record<string, IncomingHttpHeaders> = {
      'without a header that requires a preflight': {},
      'with an empty one': { 'x-csrf-protection': '' },
      'from another site, as a link': { ...CSRF_HEADER, 'sec-fetch-site': 'cross-site' },
      'from another site': {
        ...CSRF_HEADER,
        'sec-fetch-site': 'cross-site',
        origin: 'https://evil.example',
      },
      'with an opaque origin': { ...CSRF_HEADER, 'sec-fetch-site': 'cross-site', origin: 'null' },
      'from another host of the site': {
        ...CSRF_HEADER,
        'sec-fetch-site': 'same-site',
        origin: 'https://blog.shop.example',
      },
      'from an origin with an allowed prefix': {
        ...CSRF_HEADER,
        'sec-fetch-site': 'cross-site',
        origin: `${PAGE}.evil.example`,
      },
    };
    for (const [what, headers] of Object.entries(forged)) {
      await assert.rejects(reader.readViewer({ cookie, ...headers }), FORBIDDEN, what);
      // The error does not reveal whether the session is valid.
      const invalid = '__Host-session=x';
      await assert.rejects(reader.readViewer({ cookie: invalid, ...headers }), FORBIDDEN, what);
    }
    const allowed: IncomingHttpHeaders[] = [
      { 'apollo-require-preflight': 'true' },
      { 'x-apollo-operation-name': 'Home' },
      CSRF_HEADER,
      { ...CSRF_HEADER, 'sec-fetch-site': 'same-origin', origin: 'https://api.example' },
      { ...CSRF_HEADER, 'sec-fetch-site': 'none' },
      { ...CSRF_HEADER, 'sec-fetch-site': 'cross-site', origin: PAGE },
      { ...CSRF_HEADER, 'sec-fetch-site': 'same-site', origin: PAGE },
    ];
    for (const headers of allowed) {
      assert.ok(await reader.readViewer({ cookie, ...headers }), JSON.stringify(headers));
    }
  });

  it('requires no CSRF header without a session', async () => {
    using reader = createReader();
    const elsewhere = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    const authorization = `Bearer ${await issuer.sign()}`;
    assert.ok(await reader.readViewer({ authorization, cookie: await cookieOf(), ...elsewhere }));
    assert.ok(await reader.readViewer({ 'x-api-key': KEY, ...elsewhere }));
    assert.deepEqual(await reader.readViewer(elsewhere), { role: 'anonymous' });
  });
});
