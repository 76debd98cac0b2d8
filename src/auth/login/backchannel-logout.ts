import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { BffError } from '../../errors.ts';
import type { OneTimeValues } from '../one-time-values.ts';
import { type Provider, providerUnavailable } from './provider.ts';
import type { ProviderLogout, Revocations } from './revocations.ts';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const TYPE = /^((application\/)?logout\+jwt|jwt)$/i;
/** Signatures with a public key; a shared secret must never verify one (RFC 8725 §3.1). */
const ALGORITHMS = ['ES256', 'ES384', 'ES512', 'EdDSA', 'PS256', 'PS384', 'PS512', 'RS256'];
/** A token may be as old as both together; its provider's clock may be ahead by the tolerance. */
const MAX_AGE_SECONDS = 10 * 60;
const CLOCK_TOLERANCE_SECONDS = 30;
/** From the first moment at which a token is accepted to the last one. */
const LIFETIME_MS = (MAX_AGE_SECONDS + 2 * CLOCK_TOLERANCE_SECONDS) * 1_000;
const KEYS_TIMEOUT_MS = 2_000;

interface BackchannelParts {
  readonly provider: Provider;
  readonly clientId: string;
  readonly revocations: Revocations;
  readonly usedTokens: OneTimeValues;
}

/**
 * Creates the receiver of logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.6), with which the provider
 * ends sessions.
 */
export function createBackchannelLogout(parts: BackchannelParts) {
  const { provider, clientId, revocations, usedTokens } = parts;
  let keys: { readonly url: string; readonly find: JWTVerifyGetKey } | undefined;

  function keysAt(url: string): JWTVerifyGetKey {
    if (keys?.url !== url) {
      keys = { url, find: createRemoteJWKSet(new URL(url), { timeoutDuration: KEYS_TIMEOUT_MS }) };
    }
    return keys.find;
  }

  async function verify(token: string): Promise<JWTPayload> {
    const { issuer, jwks_uri: keysUrl } = (await provider.load()).serverMetadata();
    if (keysUrl === undefined) throw providerUnavailable();
    const { payload, protectedHeader } = await jwtVerify(token, keysAt(keysUrl), {
      issuer,
      audience: clientId,
      algorithms: ALGORITHMS,
      requiredClaims: ['exp', 'iat', 'jti'],
      maxTokenAge: MAX_AGE_SECONDS,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
    }).catch((error) => {
      const isToken = error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout);
      throw isToken ? invalidToken(error) : providerUnavailable(error);
    });
    const { typ } = protectedHeader;
    if (typ !== undefined && !TYPE.test(typ)) throw invalidToken();
    return payload;
  }

  /**
   * Ends the sessions that a logout token names, of this client at this provider.
   * @throws BffError BAD_REQUEST for a token that is not valid; UPSTREAM_UNAVAILABLE
   */
  return async (token: string): Promise<void> => {
    const payload = await verify(token);
    const logout = logoutOf(payload);
    const { jti } = payload;
    if (typeof jti !== 'string' || jti === '') throw invalidToken();
    if (!(await usedTokens.use(jti, LIFETIME_MS))) throw invalidToken(new Error('replayed'));
    await revocations.revokeAtProvider(logout);
  };
}

/** @param payload - of a token with a valid signature, which may be an ID token */
function logoutOf({ iss = '', sub, sid, nonce, events }: JWTPayload): ProviderLogout {
  const isLogout = typeof events === 'object' && events !== null && isObject(events, EVENT);
  if (!isLogout || nonce !== undefined) throw invalidToken();
  if (typeof sid === 'string') return { issuer: iss, providerSession: sid };
  if (typeof sub === 'string') return { issuer: iss, subject: sub };
  throw invalidToken();
}

function isObject(parent: object, name: string): boolean {
  const value: unknown = (parent as Record<string, unknown>)[name];
  return typeof value === 'object' && value !== null;
}

const invalidToken = (cause?: unknown) =>
  new BffError('BAD_REQUEST', 'The logout token is not valid.', { cause });
