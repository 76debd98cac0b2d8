import { setTimeout as delay } from 'node:timers/promises';
import * as client from 'openid-client';
import type { Log } from '../../telemetry/log.ts';
import { toSessionTokens } from './login.ts';
import { describeError, type Provider, providerUnavailable } from './provider.ts';
import { hasValidToken, type Session, sessionEnded } from './session.ts';
import type { SessionStore, SharedSessions } from './session-store.ts';

/** While another replica renews a session. */
const POLL_MS = 50;
const MAX_POLL_MS = 6_000;
/** After a failure, the time in which the provider is left alone. */
const PAUSE_MS = 1_000;

interface RenewalParts {
  readonly provider: Provider;
  readonly store: SessionStore;
  readonly log: Log;
}

/** A renewed session, and the new value of its cookie; undefined if the cookie stays as it is. */
export interface Renewed {
  readonly session: Session;
  readonly cookie: string | undefined;
}

/**
 * Creates the renewal of sessions with their refresh tokens (RFC 6749 §6). A session is renewed once, whatever
 * number of requests asks for it: a provider that replaces refresh tokens takes a second use of one for a
 * theft, and ends the session (RFC 9700 §4.14.2).
 */
export function createRenewal({ provider, store, log }: RenewalParts) {
  const inFlight = new Map<string, Promise<Renewed>>();
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
    const cookie = await store.replace(renewed).catch((error: Error) => {
      // The refresh token of the stored session may be used up, so the new one is kept in this process.
      log.error({ reason: error.message }, 'renewed session not stored');
      return undefined;
    });
    return { session: renewed, cookie };
  }

  /** Renews a session that other replicas may be renewing. */
  async function refreshOnce(shared: SharedSessions, session: Session): Promise<Renewed> {
    const { id, renewedAt } = session;
    const giveUpAt = Date.now() + MAX_POLL_MS;
    const findNewer = async (): Promise<Renewed | undefined> => {
      const stored = await shared.find(id);
      if (!stored) throw sessionEnded();
      return stored.renewedAt > renewedAt ? { session: stored, cookie: undefined } : undefined;
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
