import { exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT } from 'jose';
import type { IssuerConfig } from '../../src/config/index.ts';
import { readIssuers } from '../../src/config/issuers.ts';
import { startEndpoint } from './endpoint.ts';

export const ISSUER = 'https://issuer.example';
export const AUDIENCE = 'shop';

export const inSeconds = (seconds: number) => Math.floor(Date.now() / 1_000) + seconds;

/** A value as a part of a JWT. */
export const encoded = (value: unknown): string =>
  Buffer.from(JSON.stringify(value)).toString('base64url');

/** The claims of a valid token of user 42. */
export const validClaims = () => ({
  iss: ISSUER,
  aud: AUDIENCE,
  sub: '42',
  role: 'customer',
  exp: inSeconds(3_600),
});

/** An issuer as these variables configure it. */
export function issuerConfig(env: Readonly<Record<string, string>>): IssuerConfig {
  const { issuers, faults } = readIssuers({ JWT_ISSUER: ISSUER, JWT_AUDIENCE: AUDIENCE, ...env });
  const [config] = issuers;
  if (!config || faults.length > 0) throw new Error(faults.join(', '));
  return config;
}

export async function makeKey(kid: string) {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256' } };
}

type Key = Awaited<ReturnType<typeof makeKey>>;

/** Starts a token issuer whose published keys can be changed, and which can be down. */
export async function startIssuer() {
  const first = await makeKey('first');
  let published: readonly unknown[] = [first.jwk];
  let isDown = false;
  const endpoint = await startEndpoint((response) => {
    response.statusCode = isDown ? 500 : 200;
    response.end(JSON.stringify({ keys: published }));
  });
  return {
    config: issuerConfig({ JWKS_URL: endpoint.url.href }),
    first,
    /** The number of requests for the key set. */
    fetches: () => endpoint.requests.length,
    publish(...keys: Pick<Key, 'jwk'>[]) {
      published = keys.map(({ jwk }) => jwk);
    },
    /** @param entries - the entries of the key set, which need not be keys */
    publishRaw(...entries: unknown[]) {
      published = entries;
    },
    setDown(down: boolean) {
      isDown = down;
    },
    /** @param changed - claims that differ from those of a valid token; undefined removes one */
    sign(
      changed: Record<string, unknown> = {},
      { key = first, header = {} }: { key?: Key; header?: Partial<JWTHeaderParameters> } = {},
    ) {
      return new SignJWT({ ...validClaims(), ...changed })
        .setProtectedHeader({ alg: 'ES256', kid: key.kid, ...header })
        .sign(key.privateKey);
    },
    [Symbol.asyncDispose]: () => endpoint[Symbol.asyncDispose](),
  };
}

/** True if the verification of a token ends with UNAUTHENTICATED. */
export const isRefused = (verify: () => Promise<unknown>): Promise<boolean> =>
  verify().then(
    () => false,
    ({ code }) => code === 'UNAUTHENTICATED',
  );

export type Issuer = Awaited<ReturnType<typeof startIssuer>>;
