import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT } from 'jose';

const ISSUER = 'https://id.example';
const AUDIENCE = 'frontdesk-under-attack';
export const KEY_ID = 'key-1';
export const RSA_KEY_ID = 'key-rsa';

/** Starts a token issuer that counts the requests for its keys, and can go down. */
export async function startTokenIssuer() {
  const pair = await generateKeyPair('ES256', { extractable: true });
  const publicJwk = { ...(await exportJWK(pair.publicKey)), kid: KEY_ID, alg: 'ES256', use: 'sig' };
  // A key for another purpose: its algorithm must not be accepted for tokens.
  const rsa = await generateKeyPair('RS256', { extractable: true });
  const rsaJwk = { ...(await exportJWK(rsa.publicKey)), kid: RSA_KEY_ID };
  // Malformed entries must not affect the valid ones.
  const keys = [null, { kty: 'EC', kid: KEY_ID, crv: 'P-256', x: 'AAAA' }, publicJwk, rsaJwk];
  let fetches = 0;
  const state = { isDown: false };
  const server = createServer((_request, response) => {
    fetches++;
    response.writeHead(state.isDown ? 500 : 200, { 'content-type': 'application/json' });
    response.end(state.isDown ? '{}' : JSON.stringify({ keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  /** Valid claims, except for the given ones. */
  const claimsOf = (overrides: Record<string, unknown> = {}) => {
    const now = Math.floor(Date.now() / 1000);
    return {
      iss: ISSUER,
      aud: AUDIENCE,
      sub: '42',
      role: 'customer',
      iat: now,
      exp: now + 600,
      ...overrides,
    };
  };

  return {
    ...pair,
    publicJwk,
    rsaPrivateKey: rsa.privateKey,
    claimsOf,
    env: {
      JWKS_URL: `http://127.0.0.1:${port}/jwks.json`,
      JWT_ISSUER: ISSUER,
      JWT_AUDIENCE: AUDIENCE,
    },
    sign: (
      overrides: Record<string, unknown> = {},
      header: Partial<JWTHeaderParameters> = {},
      key: CryptoKey = pair.privateKey,
    ) =>
      new SignJWT(claimsOf(overrides))
        .setProtectedHeader({ alg: 'ES256', kid: KEY_ID, ...header })
        .sign(key),
    /** Number of requests for the keys. */
    fetches: () => fetches,
    goDown() {
      state.isDown = true;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type TokenIssuer = Awaited<ReturnType<typeof startTokenIssuer>>;
