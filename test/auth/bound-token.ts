import { hash, randomUUID } from 'node:crypto';
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from 'jose';
import { DEMO_KEY } from '../../services/support/demo-key.ts';
import { DEMO_AUDIENCE, DEMO_ISSUER } from '../../services/support/tokens.ts';
import { inSeconds } from './issuer.ts';

/** Signs a token of the demo's issuer that is bound to a key. */
export const issueBoundToken = async (cnf: unknown, userId = '42'): Promise<string> =>
  new SignJWT({ role: 'customer', cnf })
    .setProtectedHeader({ alg: DEMO_KEY.alg, kid: DEMO_KEY.kid, typ: 'at+jwt' })
    .setIssuer(DEMO_ISSUER)
    .setAudience(DEMO_AUDIENCE)
    .setSubject(userId)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(await importJWK(DEMO_KEY, DEMO_KEY.alg));

/** What a proof is for. */
interface Target {
  readonly method?: string;
  readonly url: string;
  readonly token: string;
}

interface Changes {
  /** Claims that differ from those of a valid proof; undefined removes one. */
  readonly claims?: Record<string, unknown>;
  readonly header?: Partial<JWTHeaderParameters>;
}

/** A client with a key for DPoP proofs. */
export async function createProver(alg = 'ES256') {
  const keys = await generateKeyPair(alg, { extractable: true });
  const jwk = await exportJWK(keys.publicKey);
  const thumbprint = await calculateJwkThumbprint(jwk);
  return {
    keys,
    jwk,
    thumbprint,
    token: (userId?: string) => issueBoundToken({ jkt: thumbprint }, userId),

    /** Signs a proof for one request. */
    prove({ method = 'POST', url, token }: Target, { claims, header }: Changes = {}) {
      const payload: JWTPayload = {
        jti: randomUUID(),
        htm: method,
        htu: url,
        iat: inSeconds(0),
        ath: hash('sha256', token, 'base64url'),
        ...claims,
      };
      return new SignJWT(payload)
        .setProtectedHeader({ typ: 'dpop+jwt', alg, jwk, ...header })
        .sign(keys.privateKey);
    },
  };
}

export type Prover = Awaited<ReturnType<typeof createProver>>;

/** The headers of a request with a DPoP-bound token. */
export const dpopHeaders = (token: string, proof: string): Record<string, string> => ({
  authorization: `DPoP ${token}`,
  dpop: proof,
});
