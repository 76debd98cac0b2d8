import { decodeJwt } from 'jose';
import * as client from 'openid-client';
import type { LoginConfig } from '../../config/index.ts';
import { BffError } from '../../errors.ts';
import type { Log } from '../../telemetry/log.ts';
import type { OneTimeValues } from '../one-time-values.ts';
import { describeError, isProviderFault, type Provider, providerUnavailable } from './provider.ts';
import { createReturnPathReader } from './return-path.ts';
import type { Session, SessionTokens } from './session.ts';
import { type createTransactionCookies, TRANSACTION_MS } from './transaction.ts';

export const CALLBACK_PATH = '/auth/callback';
/** The lifetime of an access token whose issuer does not state it. */
const UNKNOWN_LIFETIME_MS = 5 * 60_000;

interface LoginParts {
  readonly config: LoginConfig;
  readonly provider: Provider;
  readonly transactions: ReturnType<typeof createTransactionCookies>;
  /** The states of finished logins. */
  readonly usedStates: OneTimeValues;
  readonly log: Log;
}

/** The callback of a login: its parameters, and the cookies of the browser. */
interface CallbackRequest {
  readonly parameters: URLSearchParams;
  readonly cookies: string | undefined;
}

/** A login that the provider has confirmed. */
export interface FinishedLogin {
  readonly session: Omit<Session, 'id'>;
  readonly returnTo: string;
  readonly previousSession: string | undefined;
}

/**
 * Creates the two steps of a login: the authorization code flow of OpenID Connect, with PKCE, state and nonce,
 * as a confidential client (RFC 10017 §6.1). The client library checks the responses: state, `iss` (RFC 9207),
 * and the signature, issuer, audience and nonce of the ID token.
 */
export function createLogin({ config, provider, transactions, usedStates, log }: LoginParts) {
  const readReturnPath = createReturnPathReader(config.returnPaths);
  const redirectUri = new URL(CALLBACK_PATH, config.publicUrl).href;

  async function requestTokens(url: URL, checks: client.AuthorizationCodeGrantChecks) {
    const configuration = await provider.load();
    try {
      const { tokenParameters } = provider;
      return await client.authorizationCodeGrant(configuration, url, checks, tokenParameters);
    } catch (error) {
      log.warn(describeError(error), 'login failed');
      throw isProviderFault(error) ? providerUnavailable(error) : loginRefused(error);
    }
  }

  return {
    /**
     * @param returnTo - the paths to return to that the request names, one at most
     * @returns the address of the provider for the browser to go to, and the cookies to set
     * @throws BffError BAD_REQUEST, UPSTREAM_UNAVAILABLE
     */
    async start(
      returnTo: readonly string[],
      previousSession: string | undefined,
      cookies: string | undefined,
    ) {
      const path = readReturnPath(returnTo);
      const configuration = await provider.loadFresh();
      const state = client.randomState();
      const nonce = client.randomNonce();
      const codeVerifier = client.randomPKCECodeVerifier();
      const parameters = new URLSearchParams(config.parameters);
      for (const [name, value] of Object.entries({
        redirect_uri: redirectUri,
        scope: config.scopes,
        state,
        nonce,
        code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
        code_challenge_method: 'S256',
      })) {
        parameters.set(name, value);
      }
      const transaction = { state, nonce, codeVerifier, returnTo: path, previousSession };
      return {
        url: client.buildAuthorizationUrl(configuration, parameters).href,
        setCookies: await transactions.start(transaction, cookies),
      };
    },

    /** The Set-Cookie header that ends the login of a callback, whatever its outcome. */
    endTransaction: transactions.end,

    /**
     * Exchanges the code of a callback for tokens. A callback counts once, and only in the browser that has
     * started the login.
     * @throws BffError BAD_REQUEST, UNAUTHENTICATED, UPSTREAM_UNAVAILABLE
     */
    async finish({ parameters, cookies }: CallbackRequest): Promise<FinishedLogin> {
      const url = new URL(redirectUri);
      url.search = parameters.toString();
      const state = parameters.get('state');
      const transaction = state === null ? undefined : await transactions.find(state, cookies);
      if (!transaction) throw unknownLogin();
      if (!(await usedStates.use(transaction.state, TRANSACTION_MS))) throw unknownLogin();
      // Before the tokens exist, so that a logout at the provider in between ends the session.
      const createdAt = Date.now();
      const tokens = await requestTokens(url, {
        expectedState: transaction.state,
        expectedNonce: transaction.nonce,
        pkceCodeVerifier: transaction.codeVerifier,
        idTokenExpected: true,
      });
      const { iss, sub, sid } = tokens.claims() as client.IDToken;
      return {
        returnTo: transaction.returnTo,
        previousSession: transaction.previousSession,
        session: {
          issuer: iss,
          subject: sub,
          providerSession: typeof sid === 'string' ? sid : undefined,
          ...toSessionTokens(tokens),
          createdAt,
          renewedAt: Date.now(),
          expiresAt: createdAt + config.sessionMaxAgeMs,
        },
      };
    },
  };
}

/** @param refreshToken - the one to keep if the response has no other (RFC 6749 §6) */
export function toSessionTokens(
  tokens: client.TokenEndpointResponse,
  refreshToken?: string,
): SessionTokens {
  const { access_token: accessToken, refresh_token = refreshToken, expires_in: seconds } = tokens;
  return {
    accessToken,
    refreshToken: refresh_token,
    accessExpiresAt: seconds === undefined ? expiryOf(accessToken) : Date.now() + seconds * 1_000,
  };
}

function expiryOf(accessToken: string): number {
  try {
    const { exp } = decodeJwt(accessToken);
    if (exp !== undefined) return exp * 1_000;
  } catch {
    // An opaque token.
  }
  return Date.now() + UNKNOWN_LIFETIME_MS;
}

/** The same for a login of another browser, an expired one, and one that is finished. */
const unknownLogin = () =>
  new BffError(
    'BAD_REQUEST',
    'This sign-in was not started in this browser, has expired, or is finished already.',
  );

function loginRefused(error: unknown): BffError {
  const isCancelled =
    error instanceof client.AuthorizationResponseError && error.error === 'access_denied';
  return new BffError(
    'BAD_REQUEST',
    isCancelled ? 'The sign-in was cancelled.' : 'The sign-in could not be completed.',
  );
}
