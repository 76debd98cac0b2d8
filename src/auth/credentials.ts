import type { IncomingHttpHeaders } from 'node:http';
import type { SignedInViewer, Viewer } from '../context.ts';
import { BffError } from '../errors.ts';
import type { Log } from '../telemetry/log.ts';
import { createKeyReader } from './api-keys.ts';
import { bearerOf } from './bearer.ts';
import { unauthenticated } from './claims.ts';
import { refuseForgery } from './csrf.ts';
import { createIntrospector, type IntrospectionTrust } from './introspection.ts';
import { createJwtReader, isJwt, type TokenTrust } from './jwt.ts';
import { sessionOf } from './session-cookie.ts';

interface CredentialOptions {
  readonly tokens: TokenTrust;
  /** Where opaque tokens are looked up; none are taken without it. */
  readonly introspection?: IntrospectionTrust | undefined;
  /** The file with the hashes of API keys; none are taken without it. */
  readonly apiKeysPath?: string | undefined;
  /** What is taken besides bearer tokens. */
  readonly credentials: readonly ('cookie' | 'key')[];
  /** The other origins whose pages may use a session. */
  readonly corsOrigins: readonly string[];
  readonly log: Log;
}

export type ViewerOf = (headers: IncomingHttpHeaders) => Viewer | Promise<Viewer>;

const ANONYMOUS: Viewer = { role: 'anonymous' };

/**
 * Reads from a request's headers who is asking: by a bearer token, else by an API key, else by a
 * session cookie. What a browser sends by itself comes last, and what is not valid is never taken for
 * nothing.
 * @throws ConfigError if the file of API keys is missing or wrong
 */
export function createCredentialReader(options: CredentialOptions) {
  const { tokens, introspection, credentials, apiKeysPath, corsOrigins, log } = options;
  const readJwt = createJwtReader(tokens, log);
  const introspect = introspection && createIntrospector(introspection, tokens);
  const takesKeys = credentials.includes('key') && apiKeysPath !== undefined;
  const keys = takesKeys ? createKeyReader(apiKeysPath, log) : undefined;
  const takesCookies = credentials.includes('cookie');

  function byToken(authorization: string) {
    const token = bearerOf(authorization);
    if (isJwt(token)) return readJwt(token);
    if (introspect) return introspect(token);
    throw unauthenticated('The token is not a signed one (JWT).');
  }

  function byKey(key: string | string[]) {
    if (!keys) throw unauthenticated('API keys are not taken here: send a bearer token.');
    return keys.viewerOf(String(key));
  }

  function bySession(token: string, headers: IncomingHttpHeaders) {
    refuseForgery(headers, corsOrigins);
    const known = readJwt(token);
    return known instanceof Promise ? known.catch(rethrowOfSession) : known;
  }

  /**
   * At once for the anonymous, for API keys, and for tokens that were checked lately.
   * @returns anonymous only if there is no credential at all
   * @throws BffError UNAUTHENTICATED for one that is not valid, is not taken here, or comes with
   *   another; FORBIDDEN for a session that a page of another site may have used;
   *   UPSTREAM_UNAVAILABLE if it can't be told whether one is valid
   */
  const viewerOf: ViewerOf = (headers) => {
    const { authorization, 'x-api-key': key } = headers;
    if (authorization !== undefined && key !== undefined) {
      throw unauthenticated('Send either Authorization or X-API-Key, not both.');
    }
    if (authorization !== undefined) return byToken(authorization);
    if (key !== undefined) return byKey(key);
    const session = takesCookies ? sessionOf(headers.cookie) : undefined;
    return session === undefined ? ANONYMOUS : bySession(session, headers);
  };

  return {
    viewerOf,
    /** Looks at the file of API keys no more. */
    close: () => keys?.close(),
  };
}

/** Whoever has only the cookie can't get a new token with it, but can sign in again. */
const sessionOver = (cause?: unknown): BffError =>
  unauthenticated('The session is over: sign in again, or end it with DELETE /session.', cause);

function rethrowOfSession(error: unknown): SignedInViewer {
  const isInvalid = error instanceof BffError && error.code === 'UNAUTHENTICATED';
  throw isInvalid ? sessionOver(error.cause) : error;
}
