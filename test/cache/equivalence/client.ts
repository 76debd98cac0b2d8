import { issueToken, type TokenRequest } from '../../../services/support/tokens.ts';
import { documentHash } from '../../../src/operations/operation.ts';
import type { Json } from '../../support/environment.ts';

/** The signed-in viewers. Several share an id with different roles, or a role with different ids. */
const USERS = {
  'customer 42': { userId: '42', role: 'customer' },
  'staff 42': { userId: '42', role: 'staff' },
  'customer 43': { userId: '43', role: 'customer' },
  'customer 7 (no orders)': { userId: '7', role: 'customer' },
  'customer 13 (deleted)': { userId: '13', role: 'customer' },
  'customer 1': { userId: '1', role: 'customer' },
  'staff 1': { userId: '1', role: 'staff' },
} as const;

type UserName = keyof typeof USERS;
export type ViewerName = UserName | 'anonymous' | 'invalid token';

const userFor = (viewer: ViewerName) =>
  Object.hasOwn(USERS, viewer) ? USERS[viewer as UserName] : undefined;

export const isStaff = (viewer: ViewerName): boolean => userFor(viewer)?.role === 'staff';

/** The viewer's user id; undefined for anonymous viewers and invalid tokens. */
export const idOf = (viewer: ViewerName): string | undefined => userFor(viewer)?.userId;

/** The credentials of each viewer: two sets of headers with different tokens, like two sessions. */
export type Sessions = ReadonlyMap<ViewerName, readonly Record<string, string>[]>;

export async function openSessions(): Promise<Sessions> {
  const issue = async (request: TokenRequest) => ({
    authorization: `Bearer ${await issueToken(request)}`,
  });
  const users = Object.entries(USERS).map(async ([name, user]) => {
    const sessions = [await issue(user), await issue(user)];
    return [name as UserName, sessions] as const;
  });
  const expired = await issue({ userId: '42', expiresIn: -60 });
  return new Map<ViewerName, Record<string, string>[]>([
    ...(await Promise.all(users)),
    ['anonymous', [{}, {}]],
    ['invalid token', [expired, { authorization: 'Bearer of.good.news' }]],
  ]);
}

export const TRANSPORTS = ['POST', 'GET', 'POST of the hash', 'GET of the hash'] as const;

/** One GraphQL request and the transport that it uses. */
export interface Request {
  readonly text: string;
  readonly operationName: string | undefined;
  readonly variables: Record<string, unknown>;
  readonly transport: (typeof TRANSPORTS)[number];
  readonly headers: Record<string, string>;
}

export interface Answer {
  readonly status: number;
  /** The body without request ids, errors in a fixed order. */
  readonly body: Json;
  /** The Cache-Status header. */
  readonly cacheStatus: string | null;
}

/** Longer than any request takes on a slow machine. */
const TIMEOUT_MS = 20_000;
/** Node refuses longer URLs; such requests are sent with POST. */
const MAX_URL_LENGTH = 8_000;

/** Sends a request as clients do: by hash first, with the text if the hash is unknown. */
export async function send(endpoint: string, request: Request): Promise<Answer> {
  const { text, operationName, variables, transport: way } = request;
  const { headers } = request;
  const isGet = way.startsWith('GET');
  if (!way.endsWith('hash')) {
    return exchange(endpoint, isGet, { query: text, operationName, variables }, headers);
  }
  const persistedQuery = { version: 1, sha256Hash: documentHash(text) };
  const hashed = { operationName, variables, extensions: { persistedQuery } };
  const answer = await exchange(endpoint, isGet, hashed, headers);
  if (answer.body.errors?.[0]?.extensions.code !== 'PERSISTED_QUERY_NOT_FOUND') return answer;
  return exchange(endpoint, isGet, { query: text, ...hashed }, headers);
}

async function exchange(
  endpoint: string,
  isGet: boolean,
  content: Record<string, unknown>,
  headers: Record<string, string>,
): Promise<Answer> {
  const url = `${endpoint}?${toSearch(content)}`;
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response =
    isGet && url.length < MAX_URL_LENGTH
      ? await fetch(url, { headers: { 'apollo-require-preflight': 'yes', ...headers }, signal })
      : await fetch(endpoint, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify(content),
          signal,
        });
  const body = toComparable(await response.json());
  return { status: response.status, body, cacheStatus: response.headers.get('cache-status') };
}

const toSearch = (content: Record<string, unknown>): string =>
  new URLSearchParams(
    Object.entries(content).flatMap(([name, value]) => {
      if (value === undefined) return [];
      return [[name, typeof value === 'string' ? value : JSON.stringify(value)]];
    }),
  ).toString();

function toComparable({ errors, ...rest }: Json): Json {
  if (!errors) return rest;
  const stripped: Json[] = errors.map(({ extensions, ...error }: Json) => {
    const { requestId: _, ...others } = extensions;
    return { ...error, extensions: others };
  });
  const sortKey = ({ path, message }: Json) => `${JSON.stringify(path)} ${message}`;
  return { ...rest, errors: stripped.sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1)) };
}
