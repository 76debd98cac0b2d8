import { unauthenticated } from './claims.ts';

// The prefix has browsers refuse it from elsewhere: no other host, no plain HTTP and no narrower path
// can set one of this name (RFC 6265bis §4.1.3.2).
const NAME = '__Host-session';
const ATTRIBUTES = 'Path=/; Secure; HttpOnly; SameSite=Strict';
/** Browsers take 4096 bytes for name and value, and some count the attributes, too. */
const LONGEST_TOKEN = 3_500;
const LONGEST_HEADER = 8_192;
/** The longest that browsers keep a cookie (RFC 6265bis §5.5). */
const MOST_SECONDS = 400 * 86_400;

/** Has the browser forget the session. */
export const NO_SESSION = `${NAME}=; ${ATTRIBUTES}; Max-Age=0`;

/** @param leftS - how long the token is valid, in seconds */
export const toSessionCookie = (token: string, leftS: number): string =>
  `${NAME}=${token}; ${ATTRIBUTES}; Max-Age=${Math.min(Math.floor(leftS), MOST_SECONDS)}`;

export const fitsIntoCookie = (token: string): boolean => token.length <= LONGEST_TOKEN;

/**
 * The session in a Cookie header (RFC 6265 §4.2); undefined if there is none.
 * @throws BffError UNAUTHENTICATED if there are two, since it can't be told which one is ours
 */
export function sessionOf(cookie: string | undefined): string | undefined {
  if (!cookie?.includes(`${NAME}=`)) return undefined;
  if (cookie.length > LONGEST_HEADER) throw unauthenticated('There are too many cookies.');
  const [value, another] = cookie
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${NAME}=`))
    .map((pair) => pair.slice(NAME.length + 1));
  if (another !== undefined) throw unauthenticated('There are two session cookies.');
  return value;
}
