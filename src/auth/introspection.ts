import type { SignedInViewer } from '../context.ts';
import {
  CLOCK_TOLERANCE_S,
  type Claims,
  toSignedInViewer,
  unauthenticated,
  uncheckable,
} from './claims.ts';
import { fetchText } from './fetch-text.ts';
import type { TokenTrust } from './jwt.ts';
import { TokenMemory } from './token-memory.ts';

/** Where opaque tokens are looked up, and our credentials there. */
export interface IntrospectionTrust {
  readonly url: URL;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** What the endpoint says (RFC 7662 §2.2); nothing of it is trusted in its form. */
interface Introspected extends Claims {
  readonly active?: unknown;
  readonly iss?: unknown;
  readonly aud?: unknown;
  readonly exp?: unknown;
  readonly nbf?: unknown;
  readonly token_type?: unknown;
  readonly scp?: unknown;
}

const LONGEST_TOKEN = 2_048;
const BOUNDS = { timeoutMs: 2_000, mostBytes: 64 * 1024 };
/** A token that is sent again and again costs one lookup in this time. */
const REFUSED_MS = 10_000;
/** Random tokens can't be told from good ones, only be let through no faster than this many at once. */
const MOST_LOOKUPS = 32;

/**
 * Looks opaque tokens up at their issuer (RFC 7662). Remembers whose they are for a minute at most,
 * and for ten seconds that they are nobody's.
 * @throws BffError UNAUTHENTICATED for a token that is not valid; UPSTREAM_UNAVAILABLE if that can't
 *   be told
 */
export function createIntrospector(
  { url, clientId, clientSecret }: IntrospectionTrust,
  trust: Pick<TokenTrust, 'issuer' | 'audience'>,
) {
  const accepted = new TokenMemory<SignedInViewer>();
  const refused = new TokenMemory<{ readonly message: string }>(REFUSED_MS);
  const underWay = new Map<string, Promise<SignedInViewer>>();
  const headers = {
    accept: 'application/json',
    authorization: basic(clientId, clientSecret),
    'content-type': 'application/x-www-form-urlencoded',
  };

  async function ask(token: string): Promise<Introspected> {
    const body = new URLSearchParams({ token, token_type_hint: 'access_token' }).toString();
    try {
      const text = await fetchText(url, { method: 'POST', headers, body }, BOUNDS);
      const answer: Introspected | null = JSON.parse(text);
      if (typeof answer?.active === 'boolean') return answer;
    } catch (error) {
      // What JSON.parse says would have some of the answer in it.
      const isForm = error instanceof SyntaxError;
      throw uncheckable(isForm ? new Error('the answer is not JSON') : error);
    }
    throw uncheckable(new Error('the answer does not say whether the token is active'));
  }

  async function lookUp(token: string): Promise<SignedInViewer> {
    const answer = await ask(token);
    try {
      const viewer = toViewer(answer, trust);
      accepted.set(token, viewer, toSeconds(answer.exp));
      return viewer;
    } catch (error) {
      refused.set(token, { message: (error as Error).message }, undefined);
      throw error;
    }
  }

  function join(token: string): Promise<SignedInViewer> {
    const found = underWay.get(token);
    if (found) return found;
    if (underWay.size >= MOST_LOOKUPS) throw uncheckable(new Error('too many lookups at once'));
    const lookup = lookUp(token).finally(() => underWay.delete(token));
    underWay.set(token, lookup);
    return lookup;
  }

  /** At once for a token that was looked up lately. */
  return (token: string): SignedInViewer | Promise<SignedInViewer> => {
    if (token.length > LONGEST_TOKEN) throw unauthenticated('The token is too long.');
    const viewer = accepted.get(token);
    if (viewer) return viewer;
    const refusal = refused.get(token);
    if (refusal) throw unauthenticated(refusal.message);
    return join(token).then((found) => ({ ...found }));
  };
}

/** RFC 6749 §2.3.1: both are form-encoded first, so that a colon in them is none. */
function basic(clientId: string, clientSecret: string): string {
  const pair = `${formEncoded(clientId)}:${formEncoded(clientSecret)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

const formEncoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);

/** What is not said is not checked: the issuer knows whether the token is active, and for whom. */
function toViewer(
  answer: Introspected,
  { issuer, audience }: Pick<TokenTrust, 'issuer' | 'audience'>,
) {
  const { active, iss, aud, exp, nbf, token_type: type } = answer;
  if (active !== true) throw notValid();
  if (iss !== undefined && iss !== issuer) throw notValid();
  if (aud !== undefined && ![aud].flat().includes(audience)) throw notValid();
  if (type !== undefined && !isBearer(type)) throw notValid();
  const now = Date.now() / 1_000;
  if (exp !== undefined && !(Number(exp) > now - CLOCK_TOLERANCE_S)) throw notValid();
  if (nbf !== undefined && !(Number(nbf) <= now + CLOCK_TOLERANCE_S)) throw notValid();
  // An opaque token is another party's: it may do what its scopes name, and nothing without any.
  return toSignedInViewer({ ...answer, scope: answer.scope ?? answer.scp ?? '' }, issuer);
}

/** RFC 6749 §7.1: of any case. */
const isBearer = (type: unknown): boolean =>
  typeof type === 'string' && type.toLowerCase() === 'bearer';

const toSeconds = (exp: unknown): number | undefined =>
  exp === undefined ? undefined : Number(exp);

const notValid = () => unauthenticated('The token is not valid: get a new one.');
