import * as client from 'openid-client';
import type { Log } from '../../telemetry/log.ts';
import { describeError, type Provider } from './provider.ts';
import type { Session } from './session.ts';

/** The time that a logout waits for each answer of the provider. */
const TIMEOUT_MS = 2_000;

/** Revokes the refresh token of a session at the provider (RFC 7009), and so its grant. Never rejects. */
export type TokenRevocation = (session: Session) => Promise<void>;

export function createTokenRevocation(provider: Provider, log: Log): TokenRevocation {
  async function revoke({ refreshToken }: Session) {
    const configuration = await provider.load();
    if (refreshToken === undefined || !configuration.serverMetadata().revocation_endpoint) return;
    await client
      .tokenRevocation(configuration, refreshToken, { token_type_hint: 'refresh_token' })
      .catch((error) => log.warn(describeError(error), 'refresh token not revoked'));
  }

  return (session) => inTime(revoke(session));
}

/**
 * Creates the source of the address at which a page ends the user's session at the provider (OpenID Connect
 * RP-Initiated Logout 1.0); it never rejects.
 * @param publicUrl - where the provider sends the browser afterwards
 * @returns undefined if there is none, or the provider is down
 */
export function createLogoutUrl(provider: Provider, publicUrl: URL) {
  return async (): Promise<string | undefined> => {
    const configuration = await inTime(provider.loadFresh());
    if (!configuration?.serverMetadata().end_session_endpoint) return undefined;
    // Without an ID token as a hint: the address goes to the page, and the token has personal data.
    const parameters = { post_logout_redirect_uri: publicUrl.href };
    return client.buildEndSessionUrl(configuration, parameters).href;
  };
}

async function inTime<T>(work: Promise<T>): Promise<T | undefined> {
  const { resolve, promise: timeout } = Promise.withResolvers<undefined>();
  const timer = setTimeout(resolve, TIMEOUT_MS, undefined);
  try {
    return await Promise.race([work.catch(() => undefined), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
