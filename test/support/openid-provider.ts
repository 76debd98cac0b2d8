import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { DEMO_ISSUER, issueToken } from '../../services/support/tokens.ts';
import { LOGIN } from './session.ts';

const { LOGIN_CLIENT_ID: CLIENT_ID } = LOGIN;

/** What the provider does with the token requests that follow. */
export interface TokenBehaviour {
  /** Claims of the ID token that differ from the right ones; undefined removes one. */
  idToken?: JWTPayload;
  /** Replaces the ID token. */
  rawIdToken?: string;
  /** Members of the response that differ from the right ones. */
  response?: Record<string, unknown>;
  /** The status and the error code, instead of tokens. */
  error?: readonly [status: number, code: string];
  /** Waits before it answers. */
  before?: () => Promise<unknown>;
}

interface Code {
  readonly userId: string;
  readonly nonce: string;
  readonly challenge: string;
}

const inSeconds = (seconds: number) => Math.floor(Date.now() / 1_000) + seconds;
const sha256 = (value: string) => createHash('sha256').update(value).digest('base64url');

/**
 * Starts a provider whose token endpoint does what a test says. It has no pages: a test makes the codes, as if
 * their users had signed in. Refresh tokens are replaced on each use.
 */
export async function startOpenIdProvider() {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), alg: 'ES256', use: 'sig', kid: 'provider' };
  const codes = new Map<string, Code>();
  const refreshTokens = new Map<string, string>();
  const requests: { readonly path: string; readonly body: URLSearchParams }[] = [];
  let behaviour: TokenBehaviour = {};
  let isDown = false;

  const sign = (claims: JWTPayload, header: Record<string, string> = {}) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid: 'provider', ...header })
      .sign(privateKey);

  const idTokenClaims = (userId: string, nonce?: string): JWTPayload => ({
    iss: DEMO_ISSUER,
    aud: CLIENT_ID,
    sub: userId,
    sid: `sid-of-${userId}`,
    iat: inSeconds(0),
    exp: inSeconds(60),
    ...(nonce !== undefined && { nonce }),
  });

  /** A refresh token of a user, as if a login had got it. */
  function issueRefreshToken(userId: string): string {
    const refreshToken = `refresh-${randomUUID()}`;
    refreshTokens.set(refreshToken, userId);
    return refreshToken;
  }

  async function tokens(userId: string, nonce?: string) {
    const claims = { ...idTokenClaims(userId, nonce), ...behaviour.idToken };
    return {
      access_token: await issueToken({ userId, role: 'customer' }),
      token_type: 'Bearer',
      expires_in: 300,
      refresh_token: issueRefreshToken(userId),
      id_token: behaviour.rawIdToken ?? (await sign(claims)),
      ...behaviour.response,
    };
  }

  async function answerToken(body: URLSearchParams): Promise<readonly [number, unknown]> {
    await behaviour.before?.();
    if (behaviour.error) return [behaviour.error[0], { error: behaviour.error[1] }];
    if (body.get('grant_type') === 'refresh_token') {
      const userId = refreshTokens.get(body.get('refresh_token') ?? '');
      refreshTokens.delete(body.get('refresh_token') ?? '');
      return userId ? [200, await tokens(userId)] : [400, { error: 'invalid_grant' }];
    }
    const code = codes.get(body.get('code') ?? '');
    codes.delete(body.get('code') ?? '');
    const isRight = code && sha256(body.get('code_verifier') ?? '') === code.challenge;
    return isRight
      ? [200, await tokens(code.userId, code.nonce)]
      : [400, { error: 'invalid_grant' }];
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path } = new URL(request.url ?? '', url);
    const body = new URLSearchParams(await text(request));
    requests.push({ path, body });
    if (isDown) {
      response.socket?.destroy();
      return;
    }
    const [status, value] =
      path === '/token' ? await answerToken(body) : ([200, documents()[path] ?? {}] as const);
    // RFC 6749 §5.2, for a client that has authenticated with Basic.
    if (status === 401) response.setHeader('www-authenticate', 'Basic realm="provider"');
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  }

  const server = createServer((request, response) => void answer(request, response)).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const documents = (): Record<string, unknown> => ({
    '/.well-known/openid-configuration': {
      issuer: DEMO_ISSUER,
      authorization_endpoint: `${url}/authorize`,
      token_endpoint: `${url}/token`,
      jwks_uri: `${url}/jwks`,
      revocation_endpoint: `${url}/revoke`,
      end_session_endpoint: `${url}/logout`,
      response_types_supported: ['code'],
      id_token_signing_alg_values_supported: ['ES256'],
      authorization_response_iss_parameter_supported: true,
    },
    '/jwks': { keys: [jwk] },
  });

  return {
    url,
    discoveryUrl: `${url}/.well-known/openid-configuration`,
    issuer: DEMO_ISSUER,
    publicKey: jwk,
    sign,
    idTokenClaims,
    behave(next: TokenBehaviour) {
      behaviour = next;
    },
    setDown(down: boolean) {
      isDown = down;
    },
    issueRefreshToken,
    /** The requests for a path, as their form parameters. */
    requestsOf: (path: string) =>
      requests.filter((request) => request.path === path).map(({ body }) => body),

    /**
     * Signs a user in who was sent here.
     * @param authorizationUrl - the redirect of /auth/login
     * @returns the parameters of the callback
     */
    signIn(authorizationUrl: string, userId: string): URLSearchParams {
      const { searchParams } = new URL(authorizationUrl);
      const code = `code-${randomUUID()}`;
      codes.set(code, {
        userId,
        nonce: searchParams.get('nonce') ?? '',
        challenge: searchParams.get('code_challenge') ?? '',
      });
      return new URLSearchParams({
        code,
        state: searchParams.get('state') ?? '',
        iss: DEMO_ISSUER,
      });
    },

    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

export type OpenIdProvider = Awaited<ReturnType<typeof startOpenIdProvider>>;
