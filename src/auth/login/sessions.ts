import { hash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { BffError } from '../../errors.ts';
import { andThen, type MaybePromise } from '../../maybe-promise.ts';
import { cookieValue, SESSION_COOKIE, toClearedCookie, toSetCookie } from './cookies.ts';
import { providerUnavailable } from './provider.ts';
import { MAX_TOKENS_LENGTH, type Renewal, sizeOf } from './renewal.ts';
import type { Revocations } from './revocations.ts';
import { endOf, hasValidToken, isRenewalDue, type Session, sessionEnded } from './session.ts';
import type { Renewed, SessionStore } from './session-store.ts';
import { TRANSACTION_MS } from './transaction.ts';

/** The time for which a session is used without a look at its cookie's content, or at Redis. */
const MAX_AGE_MS = 10_000;
/** The time that a request with a valid token waits for the renewal that it has started. */
const MAX_RENEWAL_WAIT_MS = 1_000;

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
    maxSize: MAX_TOKENS_LENGTH,
    sizeCalculation: sizeOf,
    ttl: MAX_AGE_MS,
  });
  // Sessions that a login may replace, by their ids: its callback has no cookie of them.
  const found = new LRUCache<string, Renewed>({
    maxSize: MAX_TOKENS_LENGTH,
    sizeCalculation: sizeOf,
    ttl: TRANSACTION_MS,
  });

  /** @throws BffError UNAUTHENTICATED, UPSTREAM_UNAVAILABLE */
  async function open(cookie: string, key: string): Promise<Renewed> {
    const session = await store.read(cookie);
    if (!session) throw sessionEnded();
    await revocations.load(session);
    const latest = renewal.latestOf({ session, cookie: undefined });
    // Redis did not answer when it was stored.
    if (store.shared && latest.session !== session)
      void store.replace(latest.session).catch(ignore);
    opened.set(key, latest);
    return latest;
  }

  async function renew(known: Renewed): Promise<Renewed> {
    const { session } = known;
    try {
      return await renewal.renew(session);
    } catch (error) {
      // If Redis does not answer, the provider refuses the refresh token again.
      if (isUnauthenticated(error)) await end(session.id).catch(ignore);
      else if (hasValidToken(session, Date.now())) return known;
      throw error;
    }
  }

  /** Ends a session. @returns its last state, whose tokens are still valid; undefined if it is not known */
  async function end(id: string): Promise<Session | undefined> {
    revocations.revokeSession(id);
    const session = (await store.remove(id)) ?? found.get(id)?.session;
    found.delete(id);
    return session && renewal.latestOf({ session, cookie: undefined }).session;
  }

  /** @throws BffError UNAUTHENTICATED for a session that was ended while the request was waiting */
  function assertNotEnded(current: Renewed): Renewed {
    if (revocations.isRevoked(current.session)) throw sessionEnded();
    return current;
  }

  /** The session to use for a request: the latest renewal, or a new one. */
  function refreshed(read: Renewed, key: string): MaybePromise<Renewed> {
    const now = Date.now();
    assertNotEnded(read);
    if (now >= endOf(read.session)) throw sessionEnded();
    if (!isRenewalDue(read.session, now)) return read;
    const known = renewal.latestOf(read);
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
        const inMemory = opened.get(key);
        const current = inMemory
          ? refreshed(inMemory, key)
          : open(cookie, key).then((read) => refreshed(read, key));
        return current instanceof Promise
          ? current.then(assertNotEnded).then(use, fail)
          : use(current);
      } catch (error) {
        return fail(error);
      }
    },

    /**
     * The session of a cookie as it is, for a response that has begun and can't set a renewed cookie. It is
     * not renewed, but other requests may have done so.
     * @throws BffError UNAUTHENTICATED for a session that is over or must be renewed; UPSTREAM_UNAVAILABLE;
     *   may also reject with them
     */
    check(cookie: string): MaybePromise<Session> {
      const key = hash('sha256', cookie, 'base64url');
      const checked = (read: Renewed): Session => {
        const { session } = renewal.latestOf(read);
        if (revocations.isRevoked(session) || !hasValidToken(session, Date.now())) {
          throw sessionEnded();
        }
        return session;
      };
      return andThen(opened.get(key) ?? open(cookie, key), checked);
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
      if (!session) return undefined;
      const latest = renewal.latestOf({ session, cookie });
      found.set(session.id, latest);
      return latest.session;
    },

    end,
  };
}

export type Sessions = ReturnType<typeof createSessions>;

/** The Set-Cookie header that deletes the session's cookie. */
export const CLEARED_SESSION_COOKIE = toClearedCookie(SESSION_COOKIE);

const isUnauthenticated = (error: unknown): boolean =>
  error instanceof BffError && error.code === 'UNAUTHENTICATED';

const ignore = () => undefined;
