import { BffError, unauthenticated } from '../../errors.ts';

/** The time before the expiry of its access token at which a session is renewed. */
const RENEWAL_MS = 60_000;

/** A user's login in one browser. It never leaves this process unencrypted. */
export interface Session {
  /** Stays the same when the session is renewed. */
  readonly id: string;
  /** Of the ID token: the provider, the user there, and the user's session there. */
  readonly issuer: string;
  readonly subject: string;
  readonly providerSession: string | undefined;
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  /** Times in milliseconds since the epoch. */
  readonly createdAt: number;
  /** The time of the last renewal. */
  readonly renewedAt: number;
  readonly accessExpiresAt: number;
  /** The absolute end of the session. */
  readonly expiresAt: number;
}

/** The tokens of a session, which a renewal replaces. */
export type SessionTokens = Pick<Session, 'accessToken' | 'refreshToken' | 'accessExpiresAt'>;

/** The end of a session: that of its access token, if it can't be renewed. */
export const endOf = ({ refreshToken, accessExpiresAt, expiresAt }: Session): number =>
  refreshToken === undefined ? Math.min(accessExpiresAt, expiresAt) : expiresAt;

/** True from a minute before the access token expires, or from the half of a shorter lifetime. */
export function isRenewalDue(session: Session, now: number): boolean {
  const { refreshToken, accessExpiresAt, renewedAt } = session;
  const lifetimeMs = accessExpiresAt - renewedAt;
  return (
    refreshToken !== undefined && now >= accessExpiresAt - Math.min(RENEWAL_MS, lifetimeMs / 2)
  );
}

export const hasValidToken = ({ accessExpiresAt }: Session, now: number): boolean =>
  now < accessExpiresAt;

/** A page with only the cookie cannot get a new token: the user must sign in again. */
export const sessionEnded = (cause?: unknown): BffError =>
  unauthenticated('The session has expired or is not valid: sign in again.', cause);

/** @throws BffError UPSTREAM_UNAVAILABLE */
export function rethrowUnavailable(cause: unknown): never {
  throw new BffError('UPSTREAM_UNAVAILABLE', 'Sessions are not available right now: retry later.', {
    cause,
  });
}
