import { hash } from 'node:crypto';
import {
  cookieNames,
  cookieValue,
  type HostCookie,
  toClearedCookie,
  toSetCookie,
} from './cookies.ts';
import type { Sealer } from './sealer.ts';

/** A login that was started in a browser and is not finished. */
export interface LoginTransaction {
  readonly state: string;
  readonly nonce: string;
  /** Of PKCE (RFC 7636). */
  readonly codeVerifier: string;
  readonly returnTo: string;
  /** The session of the browser at the start, which the login replaces. */
  readonly previousSession: string | undefined;
}

/** The time for a user to sign in at the provider. */
export const TRANSACTION_MS = 10 * 60_000;

const PREFIX = '__Host-login-';
/** Further ones of the same browser are the oldest, and are deleted. */
const MAX_UNFINISHED = 4;
const NAME_LENGTH = 22;

/**
 * The transactions of a browser, each in a cookie of its own, so that several tabs can sign in at once. Lax:
 * the provider's redirect, which comes from another site, brings the cookie along.
 */
export function createTransactionCookies(sealer: Sealer<LoginTransaction>) {
  return {
    /** The Set-Cookie headers of a new transaction. */
    async start(transaction: LoginTransaction, cookies: string | undefined): Promise<string[]> {
      const cookie = cookieOf(transaction.state);
      const unfinished = cookieNames(cookies, PREFIX) as HostCookie['name'][];
      const sealed = await sealer.seal(transaction, TRANSACTION_MS);
      return [
        toSetCookie(cookie, sealed, TRANSACTION_MS),
        ...unfinished
          .slice(0, 1 - MAX_UNFINISHED)
          .map((name) => toClearedCookie({ name, sameSite: 'Lax' })),
      ];
    },

    /**
     * The transaction that belongs to a state, which the client library compares once more.
     * @returns undefined if this browser has none
     * @throws BffError UNAUTHENTICATED for several cookies of its name
     */
    async find(state: string, cookies: string | undefined): Promise<LoginTransaction | undefined> {
      const value = cookieValue(cookies, cookieOf(state).name);
      return value === undefined ? undefined : sealer.open(value);
    },

    /** The Set-Cookie header that deletes the cookie of a state. */
    end: (state: string): string => toClearedCookie(cookieOf(state)),
  };
}

const cookieOf = (state: string): HostCookie => ({
  name: `${PREFIX}${hash('sha256', state, 'base64url').slice(0, NAME_LENGTH)}`,
  sameSite: 'Lax',
});
