/**
 * Authentication and rights. `createCredentialReader` turns a request's headers into a Viewer:
 *
 *   Authorization ── JWT ─────► jwt.ts (keys: key-set.ts) ─────┐
 *                 └─ opaque ──► introspection.ts ──────────────┼► claims.ts ► possession.ts ► Viewer
 *   Cookie ► csrf.ts ► login/sessions.ts ► access token ► as above, without possession
 *   X-API-Key ────────────────► api-keys.ts (api-key-file.ts) ────────────► Viewer
 *
 * rules.ts and shield.ts decide what a viewer may see; webhook.ts authenticates purges. A credential
 * that is not valid must never be treated as absent, and no error or log line may contain one.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Credential } from '../bff.ts';
import type { IssuerConfig, UpstreamConfig } from '../config/index.ts';
import { BffError, unauthenticated } from '../errors.ts';
import { andThen, type MaybePromise } from '../maybe-promise.ts';
import type { Log } from '../telemetry/log.ts';
import type { SignedInViewer, Viewer } from '../viewer.ts';
import { parseAuthorization } from './access-token.ts';
import { createApiKeyReader } from './api-keys.ts';
import { preventCsrf, preventForeignStreams } from './csrf.ts';
import { createIntrospector, type IntrospectionEndpoint } from './introspection.ts';
import { createJwtVerifier, isJwt } from './jwt.ts';
import { cookieValue, SESSION_COOKIE } from './login/cookies.ts';
import { type Session, sessionEnded } from './login/session.ts';
import { CLEARED_SESSION_COOKIE, type Sessions, type SetCookie } from './login/sessions.ts';
import type { OneTimeValues } from './one-time-values.ts';
import {
  type BoundViewer,
  createPossessionCheck,
  type RequestProof,
  refuseBound,
  userOf,
} from './possession.ts';
import { TokenRefusal, toBffError } from './token-refusal.ts';
import { rememberToken } from './viewer-token.ts';

interface CredentialOptions {
  readonly issuers: readonly IssuerConfig[];
  /** At the first issuer. Opaque tokens are refused without it. */
  readonly introspection?: IntrospectionEndpoint | undefined;
  /** The API key file; API keys are refused without it. */
  readonly apiKeysPath?: string | undefined;
  /** The credentials that are accepted besides bearer tokens. */
  readonly credentials: readonly Credential[];
  /** Cookies are ignored without it. */
  readonly sessions?: Sessions | undefined;
  /** The DPoP proofs that were used. */
  readonly usedProofs: OneTimeValues;
  /** Other origins whose pages may use a session. */
  readonly corsOrigins: readonly string[];
  /** Viewers' tokens are remembered if an upstream gets one in exchange. */
  readonly upstreams?: Pick<UpstreamConfig, 'credentials'>;
  /** Says in the message of a refused token what to change. */
  readonly isDevelopment: boolean;
  readonly log: Log;
}

/** What authenticates a request. */
export interface CredentialRequest {
  readonly headers: IncomingHttpHeaders;
  /** Receives the renewed cookie of a session, or the end of one, for the response. */
  readonly setCookie: SetCookie;
  /** Called for tokens that are bound to a key. */
  readonly readProof: () => RequestProof;
  /** For a stream, which a page opens without headers of its own: the origin of our pages. */
  readonly streamOrigin?: string | undefined;
}

/** Returns without a promise for anonymous requests, API keys, and sessions and bearer tokens in memory. */
export type ReadViewer = (request: CredentialRequest) => MaybePromise<Viewer>;

/** Reads the viewer of a request again from its headers. */
export type RecheckViewer = (headers: IncomingHttpHeaders) => MaybePromise<Viewer>;

/** The session of a request, and its user. */
export interface SessionViewer {
  readonly session: Session;
  readonly viewer: SignedInViewer;
}

const opaqueToken = () =>
  new TokenRefusal(
    'The token is not a JWT, and opaque tokens are not accepted here.',
    () =>
      'Set INTROSPECTION_URL if the issuer has such tokens. Some providers issue one that only they can ' +
      'read if the login does not ask for this API ("audience" or "resource").',
  );

const ANONYMOUS: Viewer = { role: 'anonymous' };

/**
 * Creates a reader that authenticates requests by a bearer token, otherwise by an API key, otherwise
 * by a session cookie. The cookie comes last because browsers attach it automatically.
 * @throws ConfigError if the API key file is missing or invalid
 */
export function createCredentialReader(options: CredentialOptions) {
  const { issuers, introspection, credentials, apiKeysPath, sessions, corsOrigins, log } = options;
  const { isDevelopment: explains, usedProofs } = options;
  const verifyJwt = createJwtVerifier(issuers, { log, explains });
  const [first] = issuers;
  const introspect = introspection && first && createIntrospector(introspection, first, explains);
  const acceptsApiKeys = credentials.includes('key') && apiKeysPath !== undefined;
  const apiKeys = acceptsApiKeys ? createApiKeyReader(apiKeysPath, log) : undefined;

  const checkPossession = createPossessionCheck(usedProofs);
  const remember = usesViewerTokens(options) ? rememberToken : <V>(viewer: V) => viewer;

  function verifyToken(token: string): MaybePromise<SignedInViewer | BoundViewer> {
    if (isJwt(token)) return verifyJwt(token);
    if (introspect) return introspect(token);
    throw toBffError(opaqueToken(), explains);
  }

  /**
   * Reads a token that nobody can prove to have a key for.
   * @throws BffError UNAUTHENTICATED, UPSTREAM_UNAVAILABLE; may also reject with them
   */
  const readToken = (token: string): MaybePromise<SignedInViewer> =>
    remember(andThen(verifyToken(token), refuseBound), token);

  function readSentToken(authorization: string, readProof: CredentialRequest['readProof']) {
    const accessToken = parseAuthorization(authorization);
    const viewer = andThen(verifyToken(accessToken.token), (verified) =>
      checkPossession(verified, accessToken, readProof),
    );
    return remember(viewer, accessToken.token);
  }

  function readApiKey(key: string | string[]) {
    if (!apiKeys) throw unauthenticated('API keys are not accepted here: send a bearer token.');
    return apiKeys.readViewer(String(key));
  }

  /**
   * @returns undefined for a request without a session, or where there are none
   * @throws as `readViewer`
   */
  function readSession(
    headers: IncomingHttpHeaders,
    setCookie: SetCookie,
    streamOrigin?: string,
  ): MaybePromise<SessionViewer> | undefined {
    const cookie = sessions && cookieValue(headers.cookie, SESSION_COOKIE.name);
    if (!sessions || cookie === undefined) return undefined;
    if (streamOrigin === undefined) preventCsrf(headers, corsOrigins);
    else preventForeignStreams(headers, [streamOrigin, ...corsOrigins]);
    return andThen(sessions.read(cookie, setCookie), (session) => readUser(session, setCookie));
  }

  function readUser(session: Session, setCookie: SetCookie): MaybePromise<SessionViewer> {
    const rethrow = (error: unknown): never => {
      if (!(error instanceof BffError) || error.code !== 'UNAUTHENTICATED') throw error;
      setCookie(CLEARED_SESSION_COOKIE);
      throw sessionEnded(error.cause);
    };
    try {
      const viewer = readToken(session.accessToken);
      return viewer instanceof Promise
        ? viewer.then((found) => ({ session, viewer: found }), rethrow)
        : { session, viewer };
    } catch (error) {
      return rethrow(error);
    }
  }

  /**
   * @returns the anonymous viewer only if there is no credential at all
   * @throws BffError UNAUTHENTICATED for a credential that is not valid, not accepted here, or sent
   *   with another one; FORBIDDEN for a session that a page of another site may have used;
   *   UPSTREAM_UNAVAILABLE if a token cannot be verified right now
   */
  const readViewer: ReadViewer = ({ headers, setCookie, readProof, streamOrigin }) => {
    const { authorization, 'x-api-key': key } = headers;
    if (authorization !== undefined && key !== undefined) {
      throw unauthenticated('Send either Authorization or X-API-Key, not both.');
    }
    if (authorization !== undefined) return readSentToken(authorization, readProof);
    if (key !== undefined) return readApiKey(key);
    const session = readSession(headers, setCookie, streamOrigin);
    return session === undefined ? ANONYMOUS : andThen(session, ({ viewer }) => viewer);
  };

  /**
   * Reads the viewer of a request that `readViewer` has authenticated once more, for a stream that lasts.
   * Sessions are not renewed, and keys not proved again: a proof counts once.
   * @throws BffError UNAUTHENTICATED for a credential that is not valid anymore; UPSTREAM_UNAVAILABLE; may also
   *   reject with them
   */
  const recheckViewer: RecheckViewer = ({ authorization, 'x-api-key': key, cookie: cookies }) => {
    if (authorization !== undefined) {
      const { token } = parseAuthorization(authorization);
      return remember(andThen(verifyToken(token), userOf), token);
    }
    if (key !== undefined) return readApiKey(key);
    const cookie = sessions && cookieValue(cookies, SESSION_COOKIE.name);
    if (!sessions || cookie === undefined) return ANONYMOUS;
    return andThen(sessions.check(cookie), ({ accessToken }) => readToken(accessToken));
  };

  return {
    readViewer,
    recheckViewer,
    readSession,
    readToken,
    /** Stops watching the API key file. */
    close: () => apiKeys?.close(),
  };
}

const usesViewerTokens = ({ upstreams }: CredentialOptions): boolean =>
  Object.values(upstreams?.credentials ?? {}).some(({ kind }) => kind === 'token-exchange');
