import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createJwtVerifier } from '../../src/auth/jwt.ts';
import { type BffError, messageFor } from '../../src/errors.ts';
import {
  AUDIENCE,
  encoded,
  ISSUER,
  type Issuer,
  inSeconds,
  issuerConfig,
  startIssuer,
} from './issuer.ts';

const INVALID = 'The token is not valid: get a new one.';
const ROLE = "The token's role must be customer or staff.";
const SUBJECT = "The token's subject is not a user id.";
const PERMISSIONS = 'The token\'s permissions must be in its "scope".';

/** What a developer has to change, by claims that make a token refused: the message and the hint. */
const REFUSED: readonly [claims: Record<string, unknown>, message: string, hint: string][] = [
  [
    { aud: ['other', 'account'] },
    INVALID,
    `Its "aud" is ["other","account"], but JWT_AUDIENCE is ["${AUDIENCE}"].`,
  ],
  [
    { iss: 'https://other.example' },
    INVALID,
    `Its "iss" is "https://other.example", but JWT_ISSUER is "${ISSUER}".`,
  ],
  [
    { role: 'admin' },
    ROLE,
    'Its claim "role" is "admin", and JWT_ROLES lists ["staff","customer"]: add a role there, name ' +
      'another claim in JWT_ROLE_CLAIM, or set JWT_DEFAULT_ROLE to customer.',
  ],
  [{ role: 1 }, ROLE, 'Its claim "role" is 1: it must be a text or a list of texts.'],
  [
    { sub: '' },
    SUBJECT,
    'Its claim "sub" is "": it must be 1 to 255 printable characters with the prefix, without ' +
      'space at the ends, and not "." or "..". To use another claim, set JWT_SUBJECT_CLAIM.',
  ],
  [{ sub: 'web' }, SUBJECT, 'It is the client itself: get a token of a user.'],
  [
    { azp: undefined },
    "The token's client is missing or malformed.",
    'Its claims client_id, azp are []: JWT_CLIENTS is set, so an access token must name its client.',
  ],
  [
    { permissions: [] },
    PERMISSIONS,
    'Its claim "permissions" may limit it: remove the claim at the issuer, or name it in ' +
      'JWT_SCOPE_CLAIM if its values are scopes.',
  ],
  [{ scope: 'a  b' }, "The token's scopes are malformed.", 'Its claim "scope" is "a  b".'],
  [
    { nonce: 'n' },
    'The token is not an access token of a user.',
    'Its claim "nonce" is "n": send the access token, not the ID token, of a user, not of a client alone.',
  ],
  [{ nbf: inSeconds(600) }, INVALID, 'Reason: "nbf" claim timestamp check failed.'],
];

describe('The message of a refused token', () => {
  let issuer: Issuer;
  let production: ReturnType<typeof createJwtVerifier>;
  let development: ReturnType<typeof createJwtVerifier>;
  before(async () => {
    issuer = await startIssuer();
    const config = issuerConfig({ JWKS_URL: issuer.config.jwksUrl.href, JWT_CLIENTS: 'web' });
    production = createJwtVerifier([config]);
    development = createJwtVerifier([config], { explains: true });
  });
  after(() => issuer[Symbol.asyncDispose]());

  const messageOf = async (verify: typeof production, token: string): Promise<string> => {
    try {
      await verify(token);
    } catch (error) {
      return messageFor(error as BffError);
    }
    throw new Error('the token is accepted');
  };

  for (const [claims, message, hint] of REFUSED) {
    it(`says in development what to change, and in production "${message}", for ${JSON.stringify(claims)}`, async () => {
      const token = await issuer.sign({ azp: 'web', ...claims });
      assert.equal(await messageOf(development, token), `${message} ${hint}`);
      assert.equal(await messageOf(production, token), message);
    });
  }

  it('names the configured claim of scopes, beside which a scope of OpenID Connect limits nothing', async () => {
    const verify = createJwtVerifier([
      issuerConfig({
        JWKS_URL: issuer.config.jwksUrl.href,
        JWT_CLIENTS: 'web',
        JWT_SCOPE_CLAIM: 'scp',
      }),
    ]);
    const sign = (scope: unknown) => issuer.sign({ azp: 'web', scope });
    const viewer = await verify(await sign('openid profile'));
    assert.ok('role' in viewer && viewer.scopes === undefined);
    for (const scope of ['openid orders:read', ['openid'], { openid: true }]) {
      const expected = 'The token\'s permissions must be in its "scp".';
      assert.equal(await messageOf(verify, await sign(scope)), expected);
    }
  });

  it('names the algorithm, the key and the type', async () => {
    const [, payload = '', signature = ''] = (await issuer.sign()).split('.');
    const withHeader = (header: object) => `${encoded(header)}.${payload}.${signature}`;
    assert.equal(
      await messageOf(development, withHeader({ alg: 'RS256', kid: 'first' })),
      `${INVALID} Its algorithm is "RS256", but JWT_ALGORITHMS is ["ES256"].`,
    );
    assert.equal(
      await messageOf(development, await issuer.sign({}, { header: { kid: 'none' } })),
      `${INVALID} The key set at JWKS_URL has no key "none" for "ES256".`,
    );
    assert.equal(
      await messageOf(development, await issuer.sign({}, { header: { typ: 'logout+jwt' } })),
      'The token is not an access token. Its type is "logout+jwt".',
    );
    assert.equal(
      await messageOf(development, withHeader({ alg: 'ES256', kid: 'first', typ: 'JWT' })),
      `${INVALID} Reason: signature verification failed.`,
    );
  });

  it('is that of a refused token if the header cannot be read', async () => {
    const [, payload = '', signature = ''] = (await issuer.sign()).split('.');
    const token = `${Buffer.from('{').toString('base64url')}.${payload}.${signature}`;
    await assert.rejects(async () => development(token), { code: 'UNAUTHENTICATED' });
  });

  it('is short, and contains no part of the token', async () => {
    const token = await issuer.sign({ role: 'x'.repeat(3_000) });
    const message = await messageOf(development, token);
    assert.ok(message.length < 600, message);
    for (const part of token.split('.')) assert.ok(!message.includes(part));
  });
});
