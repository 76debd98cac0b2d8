import { unauthenticated } from '../../errors.ts';

const MAX_HEADER_LENGTH = 8_192;
/**
 * Browsers accept 4,096 bytes for name and value (RFC 6265bis §5.6). A value is never split over several
 * cookies: each of them could be replaced or dropped alone.
 */
export const MAX_COOKIE_VALUE_LENGTH = 4_000;

/**
 * A cookie of this host alone. Browsers enforce the prefix `__Host-`: other hosts, plain HTTP and narrower
 * paths cannot set a cookie of this name (RFC 6265bis §4.1.3.2).
 */
export interface HostCookie {
  readonly name: `__Host-${string}`;
  readonly sameSite: 'Strict' | 'Lax';
}

export const SESSION_COOKIE: HostCookie = { name: '__Host-session', sameSite: 'Strict' };

/** The Set-Cookie header of a value that is kept for `maxAgeMs`. */
export const toSetCookie = (
  { name, sameSite }: HostCookie,
  value: string,
  maxAgeMs: number,
): string =>
  `${name}=${value}; Path=/; Secure; HttpOnly; SameSite=${sameSite}; Max-Age=${Math.ceil(maxAgeMs / 1_000)}`;

/** The Set-Cookie header that deletes a cookie. */
export const toClearedCookie = (cookie: HostCookie): string => toSetCookie(cookie, '', 0);

/**
 * The value of a cookie in a Cookie header (RFC 6265 §4.2); undefined if there is none.
 * @throws BffError UNAUTHENTICATED for two cookies of the name, since one of them may be injected, and for
 *   what is longer than browsers send
 */
export function cookieValue(header: string | undefined, name: string): string | undefined {
  if (!header?.includes(`${name}=`)) return undefined;
  const [value, another] = cookiesOf(header)
    .filter((cookie) => cookie.name === name)
    .map((cookie) => cookie.value);
  if (another !== undefined) throw unauthenticated(`Send one cookie ${name}, not several.`);
  if (value !== undefined && value.length > MAX_COOKIE_VALUE_LENGTH) {
    throw unauthenticated(
      `The cookie ${name} is longer than ${MAX_COOKIE_VALUE_LENGTH} characters.`,
    );
  }
  return value;
}

/** The names of the cookies that begin with a prefix, in the order of the header: oldest first. */
export const cookieNames = (header: string | undefined, prefix: string): string[] =>
  header?.includes(prefix)
    ? cookiesOf(header)
        .map(({ name }) => name)
        .filter((name) => name.startsWith(prefix))
    : [];

/** @throws BffError UNAUTHENTICATED */
function cookiesOf(header: string): { readonly name: string; readonly value: string }[] {
  if (header.length > MAX_HEADER_LENGTH) {
    throw unauthenticated(`The Cookie header is longer than ${MAX_HEADER_LENGTH} characters.`);
  }
  return header.split(';').map((text) => {
    const pair = text.trim();
    const end = pair.indexOf('=');
    return { name: pair.slice(0, Math.max(end, 0)), value: pair.slice(end + 1) };
  });
}
