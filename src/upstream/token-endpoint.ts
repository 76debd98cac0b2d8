import {
  allowInsecureRequests,
  ClientSecretBasic,
  clientCredentialsGrantRequest,
  customFetch,
  genericTokenEndpointRequest,
  processClientCredentialsResponse,
  processGenericTokenEndpointResponse,
  ResponseBodyError,
  type TokenEndpointResponse,
  WWWAuthenticateChallengeError,
} from 'oauth4webapi';
import type { OAuthCredentials } from '../config/index.ts';

const TIMEOUT_MS = 5_000;
const MAX_BODY_BYTES = 64 * 1_024;
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
/** For a response without `expires_in`, which RFC 6749 §5.1 only recommends. */
const DEFAULT_LIFETIME_SECONDS = 60;
/** Errors about this service's own registration (RFC 6749 §5.2), which every request gets. */
const CLIENT_ERRORS = ['invalid_client', 'unauthorized_client'];

export interface IssuedToken {
  readonly value: string;
  readonly lifetimeSeconds: number;
}

/** A failed token request. The message contains nothing of the request and no token. */
export class TokenRequestError extends Error {
  override readonly name = 'TokenRequestError';
  /** True if requests for other viewers may succeed: the endpoint works, and knows this service. */
  readonly isAboutSubject: boolean;

  constructor(message: string, isAboutSubject: boolean) {
    super(message);
    this.isAboutSubject = isAboutSubject;
  }
}

/**
 * Creates a client of a token endpoint (RFC 6749 §3.2), which authenticates with HTTP Basic.
 * @param clientSecret - called for each request
 */
export function createTokenEndpoint(
  {
    tokenUrl,
    clientId,
    audience,
    scope,
  }: Pick<OAuthCredentials, 'tokenUrl' | 'clientId' | 'audience' | 'scope'>,
  clientSecret: () => string,
) {
  const server = { issuer: tokenUrl.origin, token_endpoint: tokenUrl.href };
  const client = { client_id: clientId };
  const authentication = () => ClientSecretBasic(clientSecret());
  const target = { ...(audience && { audience }), ...(scope && { scope }) };
  const closing = new AbortController();
  const requestOptions = () => ({
    // The operator chooses the address: plain HTTP inside a mesh that encrypts.
    [allowInsecureRequests]: true,
    [customFetch]: fetchBounded,
    signal: AbortSignal.any([closing.signal, AbortSignal.timeout(TIMEOUT_MS)]),
  });

  return {
    /**
     * Requests a token for this service itself (RFC 6749 §4.4).
     * @throws TokenRequestError
     */
    async requestOwnToken(): Promise<IssuedToken> {
      try {
        const response = await clientCredentialsGrantRequest(
          server,
          client,
          authentication(),
          target,
          requestOptions(),
        );
        return toToken(await processClientCredentialsResponse(server, client, response));
      } catch (error) {
        throw toRequestError(error);
      }
    },

    /**
     * Requests a token for the upstream in exchange for a viewer's access token (RFC 8693).
     * @throws TokenRequestError
     */
    async exchange(subjectToken: string): Promise<IssuedToken> {
      try {
        const response = await genericTokenEndpointRequest(
          server,
          client,
          authentication(),
          TOKEN_EXCHANGE,
          { ...target, subject_token: subjectToken, subject_token_type: ACCESS_TOKEN },
          requestOptions(),
        );
        return toToken(await processGenericTokenEndpointResponse(server, client, response));
      } catch (error) {
        throw toRequestError(error);
      }
    },

    close: () => closing.abort(),
  };
}

function toToken({ access_token, token_type, expires_in }: TokenEndpointResponse): IssuedToken {
  if (token_type !== 'bearer') throw new TokenRequestError('not a bearer token', false);
  return { value: access_token, lifetimeSeconds: expires_in ?? DEFAULT_LIFETIME_SECONDS };
}

function toRequestError(error: unknown): TokenRequestError {
  if (error instanceof TokenRequestError) return error;
  if (error instanceof ResponseBodyError || error instanceof WWWAuthenticateChallengeError) {
    const code = errorCodeOf(error);
    const isAboutSubject = isSubjectRefused(error.status, code);
    return new TokenRequestError(`status ${error.status}, ${code ?? 'no error'}`, isAboutSubject);
  }
  if ((error as Error).name === 'TimeoutError')
    return new TokenRequestError(`no response in ${TIMEOUT_MS / 1_000} s`, false);
  const { message, cause } = error as Error & { cause?: { code?: string; status?: number } };
  const { status, code } = cause ?? {};
  const detail = status ? `status ${status}` : code;
  const isAboutSubject = status !== undefined && isSubjectRefused(status, undefined);
  return new TokenRequestError(detail ? `${message} (${detail})` : message, isAboutSubject);
}

const errorCodeOf = (error: ResponseBodyError | WWWAuthenticateChallengeError) =>
  error instanceof ResponseBodyError
    ? error.error
    : (error.cause.find(({ parameters }) => parameters.error)?.parameters.error ??
      // RFC 6749 §5.2; the library does not read the body of a response with a challenge.
      (error.status === 401 ? 'invalid_client' : undefined));

/**
 * True for a response about one viewer's token. If one viewer's refusal stopped the requests for all, one
 * user without access could take the upstream from everyone.
 * @param code - the OAuth error; a 401 without one is about this service's secret
 */
function isSubjectRefused(status: number, code: string | undefined): boolean {
  if (status < 400 || status >= 500 || status === 429) return false;
  return code === undefined ? status !== 401 : !CLIENT_ERRORS.includes(code);
}

/** The response, whose body is read up to a limit. */
async function fetchBounded(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    // Throwing out of the loop closes the connection.
    if (bytes > MAX_BODY_BYTES) throw new Error(`response larger than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  const { status, headers } = response;
  return new Response(bytes > 0 ? Buffer.concat(chunks) : null, { status, headers });
}
