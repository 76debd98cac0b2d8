import type { IssuerConfig } from '../config/index.ts';
import { BffError, unauthenticated } from '../errors.ts';
import type { MaybePromise } from '../maybe-promise.ts';
import type { SignedInViewer } from '../viewer.ts';
import {
  CLOCK_TOLERANCE_SECONDS,
  type Claims,
  tokenCheckUnavailable,
  toSignedInViewer,
} from './claims.ts';
import { fetchText } from './fetch-text.ts';
import type { BoundViewer } from './possession.ts';
import { TokenCache } from './token-cache.ts';
import { TokenRefusal, toBffError } from './token-refusal.ts';

/** The issuer's introspection endpoint and our client credentials there. */
export interface IntrospectionEndpoint {
  readonly url: URL;
  readonly clientId: string;
  readonly clientSecret: string;
}

const MAX_TOKEN_LENGTH = 2_048;
const FETCH_LIMITS = { timeoutMs: 2_000, maxBytes: 64 * 1024 };
/** A token may be revoked before it expires. */
const MAX_CACHE_MS = 60_000;
/** An invalid token that is sent repeatedly costs one lookup per this interval. */
const NEGATIVE_CACHE_MS = 10_000;
/** Limits the load that a flood of random tokens puts on the endpoint. */
const MAX_CONCURRENT_LOOKUPS = 32;

/**
 * Creates a verifier of opaque tokens that looks them up at their issuer (RFC 7662). Caches active
 * tokens for up to a minute and inactive ones for ten seconds.
 * @throws BffError UNAUTHENTICATED for a token that is not valid; UPSTREAM_UNAVAILABLE if the lookup
 *   fails
 */
export function createIntrospector(
  { url, clientId, clientSecret }: IntrospectionEndpoint,
  issuer: IssuerConfig,
  explains = false,
) {
  const viewers = new TokenCache<SignedInViewer | BoundViewer>(MAX_CACHE_MS);
  const refusals = new TokenCache<Pick<BffError, 'message' | 'hint'>>(NEGATIVE_CACHE_MS);
  const inFlight = new Map<string, Promise<SignedInViewer | BoundViewer>>();
  const headers = {
    accept: 'application/json',
    authorization: basicAuthorization(clientId, clientSecret),
    'content-type': 'application/x-www-form-urlencoded',
  };

  async function introspect(token: string): Promise<Claims> {
    const body = new URLSearchParams({ token, token_type_hint: 'access_token' }).toString();
    try {
      const text = await fetchText(url, { method: 'POST', headers, body }, FETCH_LIMITS);
      const response: Claims | null = JSON.parse(text);
      if (typeof response?.active === 'boolean') return response;
    } catch (error) {
      // The message of JSON.parse quotes the response.
      const isSyntax = error instanceof SyntaxError;
      throw tokenCheckUnavailable(isSyntax ? new Error('the response is not JSON') : error);
    }
    throw tokenCheckUnavailable(new Error('the response has no "active" member'));
  }

  async function lookUp(token: string): Promise<SignedInViewer | BoundViewer> {
    const response = await introspect(token);
    try {
      const viewer = toViewer(response, issuer);
      viewers.set(token, viewer, expirySeconds(response.exp));
      return viewer;
    } catch (error) {
      const refusal = error instanceof TokenRefusal ? toBffError(error, explains) : error;
      const { message, hint } = refusal as BffError;
      refusals.set(token, { message, hint }, undefined);
      throw refusal;
    }
  }

  function lookUpOnce(token: string): Promise<SignedInViewer | BoundViewer> {
    const found = inFlight.get(token);
    if (found) return found;
    if (inFlight.size >= MAX_CONCURRENT_LOOKUPS)
      throw tokenCheckUnavailable(new Error('too many concurrent lookups'));
    const lookup = lookUp(token).finally(() => inFlight.delete(token));
    inFlight.set(token, lookup);
    return lookup;
  }

  /** Returns without a promise for a cached token. */
  return (token: string): MaybePromise<SignedInViewer | BoundViewer> => {
    if (token.length > MAX_TOKEN_LENGTH)
      throw unauthenticated(`The token is longer than ${MAX_TOKEN_LENGTH} characters.`);
    const viewer = viewers.get(token);
    if (viewer) return viewer;
    const refusal = refusals.get(token);
    if (refusal) throw new BffError('UNAUTHENTICATED', refusal.message, { hint: refusal.hint });
    return lookUpOnce(token).then((found) => ({ ...found }));
  };
}

/** HTTP Basic for OAuth clients (RFC 6749 §2.3.1): both parts are form-encoded first. */
function basicAuthorization(clientId: string, clientSecret: string): string {
  const pair = `${formEncode(clientId)}:${formEncode(clientSecret)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

const formEncode = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);

/**
 * Checks the optional members only if present: the issuer has already checked the token. The response
 * (RFC 7662 §2.2) has names of its own for scopes and client, whatever the issuer's JWTs have.
 */
function toViewer(response: Claims, config: IssuerConfig): SignedInViewer | BoundViewer {
  const { active, iss, aud, exp, nbf, token_type: type } = response;
  if (active !== true) throw invalidToken();
  if (iss !== undefined && iss !== config.issuer) throw invalidToken();
  const audiences: readonly unknown[] = [aud].flat();
  if (aud !== undefined && !config.audiences.some((name) => audiences.includes(name)))
    throw invalidToken();
  if (type !== undefined && !isTokenType(type, response)) throw invalidToken();
  const now = Date.now() / 1_000;
  if (exp !== undefined && !(Number(exp) > now - CLOCK_TOLERANCE_SECONDS)) throw invalidToken();
  if (nbf !== undefined && !(Number(nbf) <= now + CLOCK_TOLERANCE_SECONDS)) throw invalidToken();
  const claims = { ...config.claims, scope: 'scope', client: ['client_id'] };
  // Opaque tokens belong to third-party clients: without scopes, they have no rights.
  const scope = response.scope ?? response.scp ?? '';
  return toSignedInViewer({ ...response, scope }, { ...config, claims }, true);
}

/** Case-insensitive (RFC 6749 §7.1). A token of type DPoP names its key (RFC 9449 §6.2). */
function isTokenType(type: unknown, { cnf }: Claims): boolean {
  const name = String(type).toLowerCase();
  return name === 'bearer' || (name === 'dpop' && Object(cnf).jkt !== undefined);
}

const expirySeconds = (exp: unknown): number | undefined =>
  exp === undefined ? undefined : Number(exp);

const invalidToken = () => unauthenticated('The token is not valid: get a new one.');
