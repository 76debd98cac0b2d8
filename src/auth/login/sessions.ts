import { hash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { BffError } from '../../errors.ts';
import type { MaybePromise } from '../../maybe-promise.ts';
import { cookieValue, SESSION_COOKIE, toClearedCookie, toSetCookie } from './cookies.ts';
import { providerUnavailable } from './provider.ts';
import type { Renewal, Renewed } from './renewal.ts';
import type { Revocations } from './revocations.ts';
import { endOf, hasValidToken, isRenewalDue, type Session, sessionEnded } from './session.ts';
import type { SessionStore } from './session-store.ts';

/** The time for which a session is used without a look at its cookie's content, or at Redis. */
const MAX_AGE_MS = 10_000;
/** Of the tokens of all sessions in memory, in characters. */
const MAX_OPENED_LENGTH = 16 * 1024 * 1024;
/** The time that a request with a valid token waits for the renewal that it has started. */
const MAX_RENEWAL_WAIT_MS = 1_000;
/** The time for which a renewal is remembered at least, even if its access token expires before. */
const MIN_RENEWED_MS = 60_000;

interface SessionParts {
  readonly store: SessionStore;
  readonly renewal: Renewal;
  readonly revocations: Revocations;
}

/** Sends a Set-Cookie header with the response to the request. */
export type SetCookie = (header: string) => void;

/**
 * Creates the access to sessions by their cookies. A session that is in memory and need not be renewed is
 * returned without a promise.
 */
export function createSessions({ store, renewal, revocations }: SessionParts) {
  // By the hash of a cookie; with the new value of the cookie, if it was renewed.
  const opened = new LRUCache<string, Renewed>({
    maxSize: MAX_OPENED_LENGTH,
    sizeCalculation: sizeOf,
    ttl: MAX_AGE_MS,
  });
  /**
   * The latest renewal of each session, by its id, for requests that still have the old cookie: those of other
   * tabs, and those whose response with the new one was lost.
   */
  const renewed = new LRUCache<string, Renewed>({
    maxSize: MAX_OPENED_LENGTH,
    sizeCalculation: sizeOf,
  });

  /** @throws BffError UNAUTHENTICATED, UPSTREAM_UNAVAILABLE */
  async function open(cookie: string, key: string): Promise<Renewed> {
    const session = await store.read(cookie);
    if (!session) throw sessionEnded();
    await revocations.load(session);
    const latest = latestOf({ session, cookie: undefined });
    // Redis did not answer when it was stored.
    if (store.shared && latest.session !== session)
      void store.replace(latest.session).catch(ignore);
    opened.set(key, latest);
    return latest;
  }

  function latestOf(known: Renewed): Renewed {
    const latest = renewed.get(known.session.id);
    return latest && latest.session.renewedAt > known.session.renewedAt ? latest : known;
  }

  async function renew(known: Renewed): Promise<Renewed> {
    const { session } = known;
    try {
      const result = await renewal.renew(session);
      const remainingMs = result.session.accessExpiresAt - Date.now();
      renewed.set(session.id, result, { ttl: Math.max(remainingMs, MIN_RENEWED_MS) });
      return result;
    } catch (error) {
      // If Redis does not answer, the provider refuses the refresh token again.
      if (isUnauthenticated(error)) await end(session.id).catch(ignore);
      else if (hasValidToken(session, Date.now())) return known;
      throw error;
    }
  }

  async function end(id: string): Promise<void> {
    revocations.revokeSession(id);
    await store.remove(id);
  }

  /** The session to use for a request: the latest renewal, or a new one. */
  function refreshed(found: Renewed, key: string): MaybePromise<Renewed> {
    const now = Date.now();
    if (revocations.isRevoked(found.session) || now >= endOf(found.session)) throw sessionEnded();
    if (!isRenewalDue(found.session, now)) return found;
    const known = latestOf(found);
    const { session } = known;
    if (!isRenewalDue(session, now)) {
      opened.set(key, known);
      return known;
    }
    const isValid = hasValidToken(session, now);
    if (renewal.isPaused()) {
      if (isValid) return known;
      throw providerUnavailable();
    }
    if (!isValid) return renew(known);
    if (renewal.isInFlight(session.id)) return known;
    return Promise.race([renew(known), delay(MAX_RENEWAL_WAIT_MS, known, { ref: false })]);
  }

  return {
    /**
     * The session of a cookie.
     * @param setCookie - receives a renewed cookie, or the end of one that stands for no session
     * @throws BffError UNAUTHENTICATED for a session that is over; UPSTREAM_UNAVAILABLE if it can't be read
     *   or renewed right now; may also reject with them
     */
    read(cookie: string, setCookie: SetCookie): MaybePromise<Session> {
      const key = hash('sha256', cookie, 'base64url');
      const use = ({ session, cookie: newCookie }: Renewed): Session => {
        if (newCookie !== undefined && newCookie !== cookie) {
          setCookie(toSetCookie(SESSION_COOKIE, newCookie, session.expiresAt - Date.now()));
        }
        return session;
      };
      const fail = (error: unknown): never => {
        if (isUnauthenticated(error)) setCookie(CLEARED_SESSION_COOKIE);
        throw error;
      };
      try {
        const found = opened.get(key);
        const current = found
          ? refreshed(found, key)
          : open(cookie, key).then((read) => refreshed(read, key));
        return current instanceof Promise ? current.then(use, fail) : use(current);
      } catch (error) {
        return fail(error);
      }
    },

    /** Opens a session. @returns its Set-Cookie header */
    async create(draft: Omit<Session, 'id'>): Promise<string> {
      const { session, cookie } = await store.create(draft);
      return toSetCookie(SESSION_COOKIE, cookie, session.expiresAt - Date.now());
    },

    /** The session of a request, whether it is over or not; undefined if there is none. */
    async find(cookies: string | undefined): Promise<Session | undefined> {
      const cookie = cookieValue(cookies, SESSION_COOKIE.name);
      const session = cookie === undefined ? undefined : await store.read(cookie);
      return session && latestOf({ session, cookie }).session;
    },

    end,
  };
}

export type Sessions = ReturnType<typeof createSessions>;

/** The Set-Cookie header that deletes the session's cookie. */
export const CLEARED_SESSION_COOKIE = toClearedCookie(SESSION_COOKIE);

function sizeOf({ session, cookie = '' }: Renewed): number {
  const { accessToken, refreshToken = '' } = session;
  return accessToken.length + refreshToken.length + cookie.length + 1_000;
}

const isUnauthenticated = (error: unknown): boolean =>
  error instanceof BffError && error.code === 'UNAUTHENTICATED';

const ignore = () => undefined;
