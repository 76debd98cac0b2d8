import { unauthenticated } from '../errors.ts';

// Browsers enforce the __Host- prefix: other hosts, plain HTTP and narrower paths cannot set a cookie
// of this name (RFC 6265bis §4.1.3.2).
const COOKIE_NAME = '__Host-session';
const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Strict';
/** Browsers accept 4096 bytes for name and value; some also count the attributes. */
const MAX_TOKEN_LENGTH = 3_500;
const MAX_COOKIE_HEADER_LENGTH = 8_192;
/** Browsers' limit (RFC 6265bis §5.5). */
const MAX_COOKIE_AGE_SECONDS = 400 * 86_400;

/** The Set-Cookie header that deletes the session. */
export const CLEARED_SESSION_COOKIE = `${COOKIE_NAME}=; ${ATTRIBUTES}; Max-Age=0`;

/** The Set-Cookie header of a session whose token expires in `secondsLeft`. */
export const toSessionCookie = (token: string, secondsLeft: number): string =>
  `${COOKIE_NAME}=${token}; ${ATTRIBUTES}; Max-Age=${Math.min(Math.floor(secondsLeft), MAX_COOKIE_AGE_SECONDS)}`;

export const fitsInCookie = (token: string): boolean => token.length <= MAX_TOKEN_LENGTH;

/**
 * The session token of a Cookie header (RFC 6265 §4.2); undefined if there is none.
 * @throws BffError UNAUTHENTICATED for two session cookies, since one of them may be injected
 */
export function sessionToken(cookie: string | undefined): string | undefined {
  if (!cookie?.includes(`${COOKIE_NAME}=`)) return undefined;
  if (cookie.length > MAX_COOKIE_HEADER_LENGTH) {
    throw unauthenticated(
      `The Cookie header is longer than ${MAX_COOKIE_HEADER_LENGTH} characters.`,
    );
  }
  const [value, another] = cookie
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${COOKIE_NAME}=`))
    .map((pair) => pair.slice(COOKIE_NAME.length + 1));
  if (another !== undefined) throw unauthenticated('Send one session cookie, not several.');
  return value;
}
