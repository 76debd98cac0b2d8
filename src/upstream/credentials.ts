import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { OAuthCredentials, ServiceCredentials, StaticCredentials } from '../config/index.ts';
import type { MaybePromise } from '../maybe-promise.ts';
import type { Log } from '../telemetry/log.ts';
import { UpstreamFailure } from './errors.ts';
import { createTokenEndpoint, type IssuedToken, TokenRequestError } from './token-endpoint.ts';
import { BackingOff, Backoff, type Now, TokenSource } from './token-source.ts';
import { watchFiles } from './watch-files.ts';

/** The maximum number of viewers whose exchanged tokens are kept, and the time for which they are. */
const MAX_VIEWERS = 10_000;
const MAX_UNUSED_MS = 15 * 60_000;

/** The bearer tokens of the calls to one upstream. */
export interface Credentials {
  /**
   * The issuer whose tokens are exchanged. Undefined if calls carry no token of a viewer; otherwise a call
   * for a viewer must be shared with no other viewer's calls.
   */
  readonly subjectIssuer: string | undefined;
  /**
   * The token of a call.
   * @param viewerToken - the viewer's own token, to be exchanged; undefined for the service's own
   * @throws UpstreamFailure `refused` if there is none now
   */
  readonly tokenFor: (viewerToken: string | undefined) => MaybePromise<string | undefined>;
  /** Reports that the upstream has refused a token with 401, which it may do to one that was revoked. */
  readonly refused: (viewerToken: string | undefined, token: string) => void;
  readonly close: () => void;
}

interface Parts {
  /** The upstream's name, for the log. */
  readonly name: string;
  readonly log: Log;
  readonly now?: Now;
}

const NONE: StaticCredentials = { kind: 'token', token: undefined, file: undefined };

export const createCredentials = (config: ServiceCredentials = NONE, parts: Parts): Credentials =>
  config.kind === 'token'
    ? createStaticCredentials(config, parts)
    : createOAuthCredentials(config, parts);

/** A secret that may be in a file, which is read again when it changes. */
function createSecret<T extends string | undefined>(
  initial: T,
  file: string | undefined,
  { name: upstream, log }: Parts,
) {
  let secret: T | string = initial;

  function reload([text = '']: readonly string[]): void {
    const renewed = text.trim();
    if (renewed) {
      secret = renewed;
      log.info({ upstream }, 'credential for an upstream reloaded');
    } else {
      // It must not turn authentication off.
      log.warn({ upstream }, 'file of a credential empty or unreadable, credential kept');
    }
  }

  const stop = file ? watchFiles([file], [initial ?? ''], reload) : undefined;
  return { current: () => secret, close: () => stop?.() };
}

function createStaticCredentials({ token, file }: StaticCredentials, parts: Parts): Credentials {
  const secret = createSecret(token, file, parts);
  return {
    subjectIssuer: undefined,
    tokenFor: secret.current,
    refused() {},
    close: secret.close,
  };
}

/**
 * Tokens of a token endpoint. Client credentials give one token for all calls. With token exchange, a
 * call for a viewer has a token of that viewer, and each of the others has the token by client
 * credentials: those for anonymous viewers and partners, and those whose result viewers share.
 */
function createOAuthCredentials(config: OAuthCredentials, parts: Parts): Credentials {
  const { name: upstream, log, now = () => performance.now() } = parts;
  const secret = createSecret(config.clientSecret, config.file, parts);
  const endpoint = createTokenEndpoint(config, secret.current);
  // For all viewers together, so that their number does not multiply the load of a failing endpoint.
  const backoff = new Backoff(now);
  const own = new TokenSource(() => logFailure(endpoint.requestOwnToken()), now);
  const ofViewers = new LRUCache<string, TokenSource>({
    max: MAX_VIEWERS,
    ttl: MAX_UNUSED_MS,
    updateAgeOnGet: true,
  });

  async function exchange(viewerToken: string): Promise<IssuedToken> {
    if (!backoff.isOpen) throw new BackingOff();
    backoff.begin();
    const startedAt = now();
    try {
      const token = await logFailure(endpoint.exchange(viewerToken));
      backoff.succeed();
      return token;
    } catch (error) {
      if (error instanceof TokenRequestError && error.isAboutSubject) backoff.succeed();
      else backoff.fail(startedAt);
      throw error;
    }
  }

  async function logFailure(request: Promise<IssuedToken>): Promise<IssuedToken> {
    try {
      return await request;
    } catch (error) {
      log.warn({ upstream, reason: (error as Error).message }, 'token request failed');
      throw error;
    }
  }

  function sourceFor(viewerToken: string | undefined): TokenSource {
    if (viewerToken === undefined) return own;
    const key = hash('sha256', viewerToken, 'base64url');
    let source = ofViewers.get(key);
    if (!source) {
      source = new TokenSource(() => exchange(viewerToken), now);
      ofViewers.set(key, source);
    }
    return source;
  }

  return {
    subjectIssuer: config.kind === 'token-exchange' ? config.subjectIssuer : undefined,
    tokenFor(viewerToken) {
      const token = sourceFor(viewerToken).get();
      return token instanceof Promise ? token.catch(rethrowAsFailure) : token;
    },
    refused: (viewerToken, token) => sourceFor(viewerToken).drop(token),
    close() {
      secret.close();
      endpoint.close();
    },
  };
}

function rethrowAsFailure(error: unknown): never {
  throw new UpstreamFailure('refused', 'no token for the call', { cause: error });
}
