import * as client from 'openid-client';
import { type IssuerConfig, isOwnClient, type LoginConfig } from '../../config/index.ts';
import { BffError } from '../../errors.ts';
import type { Log } from '../../telemetry/log.ts';

/** For each request to the provider. */
const TIMEOUT_SECONDS = 5;
const REFRESH_INTERVAL_MS = 60 * 60_000;
/**
 * The interval between attempts to load the metadata while the provider is down; and the age of an answer that
 * shows that it is there.
 */
const MIN_FETCH_INTERVAL_MS = 1_000;
/** The codes of the client library for a response that is not one of an OAuth endpoint, or none. */
const FAULT_CODES = [
  'OAUTH_ABORT',
  'OAUTH_PARSE_ERROR',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_TIMEOUT',
];
/** The form of error codes (RFC 6749 §4.1.2.1, §5.2), all that is logged of a provider's error. */
const ERROR_CODE = /^[a-z_]{1,40}$/;

/** The OpenID provider: the client library's configuration, and the parameters of its token requests. */
export interface Provider {
  /** @throws BffError UPSTREAM_UNAVAILABLE if its metadata can't be loaded */
  readonly load: () => Promise<client.Configuration>;
  /**
   * Like `load`, but makes sure that the provider has answered a moment ago: a browser that is sent to one
   * that is down shows nothing that helps its user.
   * @throws BffError UPSTREAM_UNAVAILABLE if it does not answer
   */
  readonly loadFresh: () => Promise<client.Configuration>;
  readonly tokenParameters: URLSearchParams;
}

/**
 * Creates the access to the provider. Its metadata is loaded when it is first needed, tried again after a
 * failure, and refreshed every hour in the background.
 * @param issuers - the issuers whose tokens are accepted; the provider must be one of them
 */
export function createProvider(
  { discoveryUrl, clientId, clientSecret, parameters }: LoginConfig,
  { issuers, log }: { readonly issuers: readonly IssuerConfig[]; readonly log: Log },
): Provider {
  let configuration: client.Configuration | undefined;
  let lastFetchAt = Number.NEGATIVE_INFINITY;
  let failure: unknown;
  let inFlight: Promise<void> | undefined;
  // Only this machine may have an http address.
  const transport = discoveryUrl.protocol === 'http:' ? [client.allowInsecureRequests] : [];

  async function discover(): Promise<client.Configuration> {
    const found = await client.discovery(discoveryUrl, clientId, undefined, client.None(), {
      timeout: TIMEOUT_SECONDS,
      execute: transport,
    });
    const metadata = found.serverMetadata();
    const issuer = issuers.find((configured) => configured.issuer === metadata.issuer);
    if (!issuer) {
      throw new Error('the issuer of the provider is not a configured issuer of tokens');
    }
    if (!isOwnClient(clientId, issuer)) {
      throw new Error('LOGIN_CLIENT_ID is not one of the "clients" of its issuer in JWT_ISSUERS');
    }
    const { token_endpoint_auth_methods_supported: methods } = metadata;
    const isPost = methods && !methods.includes('client_secret_basic');
    const authentication = isPost ? client.ClientSecretPost : client.ClientSecretBasic;
    const created = new client.Configuration(
      metadata,
      clientId,
      clientSecret,
      authentication(clientSecret),
    );
    created.timeout = TIMEOUT_SECONDS;
    for (const extend of transport) extend(created);
    client.enableNonRepudiationChecks(created);
    return created;
  }

  /** Never rejects: a failure is stored, and the known configuration is kept. */
  async function fetch(): Promise<void> {
    lastFetchAt = Date.now();
    try {
      configuration = await discover();
      failure = undefined;
    } catch (error) {
      failure = error;
      log.warn(
        describeError(error),
        "LOGIN_DISCOVERY_URL: the provider's metadata could not be loaded",
      );
    } finally {
      inFlight = undefined;
    }
  }

  function fetchIfOlderThan(maxAgeMs: number): void {
    // Absolute, so that setting the clock back does not stop the fetches.
    if (Math.abs(Date.now() - lastFetchAt) >= maxAgeMs) inFlight ??= fetch();
  }

  return {
    async loadFresh() {
      fetchIfOlderThan(MIN_FETCH_INTERVAL_MS);
      await inFlight;
      if (configuration && !failure) return configuration;
      throw providerUnavailable(failure);
    },
    async load() {
      fetchIfOlderThan(configuration ? REFRESH_INTERVAL_MS : MIN_FETCH_INTERVAL_MS);
      if (!configuration) await inFlight;
      if (configuration) return configuration;
      throw providerUnavailable(failure);
    },
    tokenParameters: new URLSearchParams(
      parameters.getAll('resource').map((resource) => ['resource', resource]),
    ),
  };
}

export const providerUnavailable = (cause?: unknown): BffError =>
  new BffError('UPSTREAM_UNAVAILABLE', 'The sign-in service is not available: retry later.', {
    cause: cause instanceof Error ? new Error(describeError(cause).reason) : undefined,
  });

/** True if the provider did not answer, or not as one: nothing is known about the grant. */
export function isProviderFault(error: unknown): boolean {
  if (error instanceof BffError) return error.code === 'UPSTREAM_UNAVAILABLE';
  if (error instanceof client.ResponseBodyError) {
    return error.status >= 500 || error.status === 429 || error.error === 'temporarily_unavailable';
  }
  return (
    error instanceof TypeError ||
    (error instanceof client.ClientError && FAULT_CODES.includes(error.code ?? ''))
  );
}

interface ErrorFields {
  readonly reason: string;
  /** Of the provider's response, if it is an OAuth error. */
  readonly status?: number;
}

const toErrorCode = (code: string): string => (ERROR_CODE.test(code) ? code : 'unknown error code');

/**
 * The fields of a log line. Neither the messages nor the causes of the library's errors can be logged:
 * they contain parameters, tokens and claims.
 */
export function describeError(error: unknown): ErrorFields {
  if (error instanceof client.AuthorizationResponseError)
    return { reason: toErrorCode(error.error) };
  if (error instanceof client.ResponseBodyError)
    return { reason: toErrorCode(error.error), status: error.status };
  // A 401 with a challenge, whose body the library does not read: RFC 6749 §5.2.
  if (error instanceof client.WWWAuthenticateChallengeError) {
    const { status } = error;
    return { reason: status === 401 ? 'invalid_client' : 'unknown error code', status };
  }
  if (error instanceof client.ClientError) {
    if (error.code === 'OAUTH_TIMEOUT') return { reason: `no response in ${TIMEOUT_SECONDS} s` };
    return { reason: error.code ?? 'invalid response' };
  }
  const { message, cause } = error as Error & { cause?: { code?: unknown } };
  // A failed fetch.
  return { reason: typeof cause?.code === 'string' ? cause.code : message };
}
