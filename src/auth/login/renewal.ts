import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import * as client from 'openid-client';
import type { Log } from '../../telemetry/log.ts';
import { toSessionTokens } from './login.ts';
import { describeError, type Provider, providerUnavailable } from './provider.ts';
import type { TokenRevocation } from './provider-logout.ts';
import type { Revocations } from './revocations.ts';
import { hasValidToken, type Session, sessionEnded } from './session.ts';
import type { Renewed, SessionStore, SharedSessions } from './session-store.ts';

/** While another replica renews a session. */
const POLL_MS = 50;
const MAX_POLL_MS = 6_000;
/** After a failure, the time in which the provider is left alone. */
const PAUSE_MS = 1_000;
/** Of the tokens of all sessions in memory, in characters. */
export const MAX_TOKENS_LENGTH = 16 * 1024 * 1024;
/** The time for which a renewal is remembered at least, even if its access token expires before. */
const MIN_RENEWED_MS = 60_000;

interface RenewalParts {
  readonly provider: Provider;
  readonly store: SessionStore;
  readonly revocations: Revocations;
  readonly revokeTokens: TokenRevocation;
  readonly log: Log;
}

/**
 * Creates the renewal of sessions with their refresh tokens (RFC 6749 §6). A session is renewed once, whatever
 * number of requests asks for it: a provider that replaces refresh tokens takes a second use of one for a
 * theft, and ends the session (RFC 9700 §4.14.2).
 */
export function createRenewal({ provider, store, revocations, revokeTokens, log }: RenewalParts) {
  const inFlight = new Map<string, Promise<Renewed>>();
  /**
   * The latest renewal of each session, by its id, for requests that still have the old cookie: those of other
   * tabs, and those whose response with the new one was lost.
   */
  const renewals = new LRUCache<string, Renewed>({
    maxSize: MAX_TOKENS_LENGTH,
    sizeCalculation: sizeOf,
  });

  function remember(renewed: Renewed): Renewed {
    const { id, accessExpiresAt } = renewed.session;
    renewals.set(id, renewed, { ttl: Math.max(accessExpiresAt - Date.now(), MIN_RENEWED_MS) });
    return renewed;
  }
  let pausedUntil = Number.NEGATIVE_INFINITY;

  /** @throws BffError UNAUTHENTICATED if the session is over; UPSTREAM_UNAVAILABLE */
  async function requestTokens(refreshToken: string) {
    try {
      const configuration = await provider.load();
      const { tokenParameters } = provider;
      return await client.refreshTokenGrant(configuration, refreshToken, tokenParameters);
    } catch (error) {
      const isRefused =
        error instanceof client.ResponseBodyError && error.error === 'invalid_grant';
      if (isRefused) throw sessionEnded(new Error('the provider refuses the refresh token'));
      pausedUntil = Date.now() + PAUSE_MS;
      log.warn(describeError(error), 'session not renewed');
      throw providerUnavailable(error);
    }
  }

  async function refresh(session: Session): Promise<Renewed> {
    const { refreshToken = '' } = session;
    const tokens = await requestTokens(refreshToken);
    const claims = tokens.claims();
    const isSameUser = !claims || (claims.iss === session.issuer && claims.sub === session.subject);
    if (!isSameUser) throw sessionEnded(new Error('the renewed ID token is of another user'));
    const renewed = {
      ...session,
      ...toSessionTokens(tokens, refreshToken),
      renewedAt: Math.max(Date.now(), session.renewedAt + 1),
    };
    const stored = await store.replace(renewed).catch((error: Error) => {
      // The refresh token of the stored session may be used up, so the new one is kept in this process.
      log.error({ reason: error.message }, 'renewed session not stored');
      return { session: renewed, cookie: undefined };
    });
    // Without Redis, with what this process knows.
    await revocations.load(renewed).catch(() => undefined);
    if (!stored || revocations.isRevoked(renewed)) {
      // The logout has not seen the new refresh token.
      void revokeTokens(renewed);
      throw sessionEnded(new Error('the session was ended during its renewal'));
    }
    // In the same turn as the check, so that a logout either finds it here or is found by the check.
    return remember(stored);
  }

  /** Renews a session that other replicas may be renewing. */
  async function refreshOnce(shared: SharedSessions, session: Session): Promise<Renewed> {
    const { id, renewedAt } = session;
    const giveUpAt = Date.now() + MAX_POLL_MS;
    const findNewer = async (): Promise<Renewed | undefined> => {
      const stored = await shared.find(id);
      if (!stored) throw sessionEnded();
      if (stored.renewedAt <= renewedAt) return undefined;
      return remember({ session: stored, cookie: undefined });
    };
    while (!(await shared.lock(id))) {
      const newer = await findNewer();
      if (newer) return newer;
      if (hasValidToken(session, Date.now())) return { session, cookie: undefined };
      if (Date.now() > giveUpAt) throw providerUnavailable();
      await delay(POLL_MS);
    }
    try {
      return (await findNewer()) ?? (await refresh(session));
    } finally {
      await shared.unlock(id).catch(() => undefined);
    }
  }

  return {
    /** True while there is no point in asking the provider. */
    isPaused: () => Date.now() < pausedUntil,
    isInFlight: (id: string) => inFlight.has(id),
    /** The latest renewal of a session that this process knows, if it is newer than the session. */
    latestOf(known: Renewed): Renewed {
      const latest = renewals.get(known.session.id);
      return latest && latest.session.renewedAt > known.session.renewedAt ? latest : known;
    },
    /** @throws BffError UNAUTHENTICATED if the session is over; UPSTREAM_UNAVAILABLE */
    renew(session: Session): Promise<Renewed> {
      const { id } = session;
      const found = inFlight.get(id);
      if (found) return found;
      const { shared } = store;
      const renewal = (shared ? refreshOnce(shared, session) : refresh(session)).finally(() =>
        inFlight.delete(id),
      );
      inFlight.set(id, renewal);
      return renewal;
    },
  };
}

export type Renewal = ReturnType<typeof createRenewal>;

/** In characters. */
export function sizeOf({ session, cookie = '' }: Renewed): number {
  const { accessToken, refreshToken = '' } = session;
  return accessToken.length + refreshToken.length + cookie.length + 1_000;
}
