/**
 * Authentication and rights. `createCredentialReader` turns a request's headers into a Viewer:
 *
 *   Authorization ── JWT ─────► jwt.ts (keys: key-set.ts) ─────┐
 *                 └─ opaque ──► introspection.ts ──────────────┼► claims.ts ► Viewer
 *   Cookie ► csrf.ts ► session-cookie.ts ► jwt.ts ─────────────┘
 *   X-API-Key ────────────────► api-keys.ts (api-key-file.ts) ────────────► Viewer
 *
 * rules.ts and shield.ts decide what a viewer may see; webhook.ts authenticates purges. A credential
 * that is not valid must never be treated as absent, and no error or log line may contain one.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { IssuerConfig } from '../config/index.ts';
import { BffError, unauthenticated } from '../errors.ts';
import type { MaybePromise } from '../maybe-promise.ts';
import type { Log } from '../telemetry/log.ts';
import type { SignedInViewer, Viewer } from '../viewer.ts';
import { createApiKeyReader } from './api-keys.ts';
import { bearerToken } from './bearer-token.ts';
import { preventCsrf } from './csrf.ts';
import { createIntrospector, type IntrospectionEndpoint } from './introspection.ts';
import { createJwtVerifier, isJwt } from './jwt.ts';
import { sessionToken } from './session-cookie.ts';

interface CredentialOptions {
  readonly issuers: readonly IssuerConfig[];
  /** At the first issuer. Opaque tokens are refused without it. */
  readonly introspection?: IntrospectionEndpoint | undefined;
  /** The API key file; API keys are refused without it. */
  readonly apiKeysPath?: string | undefined;
  /** The credentials that are accepted besides bearer tokens. */
  readonly credentials: readonly ('cookie' | 'key')[];
  /** Other origins whose pages may use a session. */
  readonly corsOrigins: readonly string[];
  /** Says in the message of a refused token what to change. */
  readonly isDevelopment: boolean;
  readonly log: Log;
}

/** Returns without a promise for anonymous requests, API keys and cached tokens. */
export type ReadViewer = (headers: IncomingHttpHeaders) => MaybePromise<Viewer>;

const ANONYMOUS: Viewer = { role: 'anonymous' };

/**
 * Creates a reader that authenticates requests by a bearer token, otherwise by an API key, otherwise
 * by a session cookie. The cookie comes last because browsers attach it automatically.
 * @throws ConfigError if the API key file is missing or invalid
 */
export function createCredentialReader(options: CredentialOptions) {
  const { issuers, introspection, credentials, apiKeysPath, corsOrigins, log } = options;
  const { isDevelopment: explains } = options;
  const verifyJwt = createJwtVerifier(issuers, { log, explains });
  const [first] = issuers;
  const introspect = introspection && first && createIntrospector(introspection, first, explains);
  const acceptsApiKeys = credentials.includes('key') && apiKeysPath !== undefined;
  const apiKeys = acceptsApiKeys ? createApiKeyReader(apiKeysPath, log) : undefined;
  const acceptsCookies = credentials.includes('cookie');

  function readToken(authorization: string) {
    const token = bearerToken(authorization);
    if (isJwt(token)) return verifyJwt(token);
    if (introspect) return introspect(token);
    throw unauthenticated('The token is not a JWT, and opaque tokens are not accepted here.');
  }

  function readApiKey(key: string | string[]) {
    if (!apiKeys) throw unauthenticated('API keys are not accepted here: send a bearer token.');
    return apiKeys.readViewer(String(key));
  }

  function readSession(token: string, headers: IncomingHttpHeaders) {
    preventCsrf(headers, corsOrigins);
    const viewer = verifyJwt(token);
    return viewer instanceof Promise ? viewer.catch(rethrowSessionError) : viewer;
  }

  /**
   * @returns the anonymous viewer only if there is no credential at all
   * @throws BffError UNAUTHENTICATED for a credential that is not valid, not accepted here, or sent
   *   with another one; FORBIDDEN for a session that a page of another site may have used;
   *   UPSTREAM_UNAVAILABLE if a token cannot be verified right now
   */
  const readViewer: ReadViewer = (headers) => {
    const { authorization, 'x-api-key': key } = headers;
    if (authorization !== undefined && key !== undefined) {
      throw unauthenticated('Send either Authorization or X-API-Key, not both.');
    }
    if (authorization !== undefined) return readToken(authorization);
    if (key !== undefined) return readApiKey(key);
    const session = acceptsCookies ? sessionToken(headers.cookie) : undefined;
    return session === undefined ? ANONYMOUS : readSession(session, headers);
  };

  return {
    readViewer,
    /** Stops watching the API key file. */
    close: () => apiKeys?.close(),
  };
}

/** A page with only the cookie cannot get a new token: the user must sign in again. */
const sessionExpired = (cause?: unknown): BffError =>
  unauthenticated(
    'The session has expired or is not valid: sign in again, or end it with DELETE /session.',
    cause,
  );

function rethrowSessionError(error: unknown): SignedInViewer {
  const isInvalid = error instanceof BffError && error.code === 'UNAUTHENTICATED';
  throw isInvalid ? sessionExpired(error.cause) : error;
}
