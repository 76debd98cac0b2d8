import { issueToken, type TokenRequest } from '../../services/user/tokens.ts';
import { documentHash } from '../../src/operations/operation.ts';
import type { Json } from '../support/world.ts';

/** Who asks. Two of them have an id in common, and two a role. */
const PEOPLE = {
  'customer 42': { userId: '42', role: 'customer' },
  'staff 42': { userId: '42', role: 'staff' },
  'customer 43': { userId: '43', role: 'customer' },
  'customer 7, who has nothing': { userId: '7', role: 'customer' },
  'customer 13, who was deleted': { userId: '13', role: 'customer' },
  'customer 1': { userId: '1', role: 'customer' },
  'staff 1': { userId: '1', role: 'staff' },
} as const;

export type Person = keyof typeof PEOPLE;
export type Viewer = Person | 'anonymous' | 'a stranger';

const personOf = (viewer: Viewer) =>
  Object.hasOwn(PEOPLE, viewer) ? PEOPLE[viewer as Person] : undefined;

export const isStaff = (viewer: Viewer): boolean => personOf(viewer)?.role === 'staff';

/** The user's id, of whoever has one. */
export const idOf = (viewer: Viewer): string | undefined => personOf(viewer)?.userId;

/** The headers that say who asks, two for each viewer: they differ, as those of two sessions do. */
export type Sessions = ReadonlyMap<Viewer, readonly Record<string, string>[]>;

export async function openSessions(): Promise<Sessions> {
  const issue = async (request: TokenRequest) => ({
    authorization: `Bearer ${await issueToken(request)}`,
  });
  const people = Object.entries(PEOPLE).map(async ([name, person]) => {
    const sessions = [await issue(person), await issue(person)];
    return [name as Person, sessions] as const;
  });
  const expired = await issue({ userId: '42', expiresIn: -60 });
  return new Map<Viewer, Record<string, string>[]>([
    ...(await Promise.all(people)),
    ['anonymous', [{}, {}]],
    ['a stranger', [expired, { authorization: 'Bearer of.good.news' }]],
  ]);
}

export const WAYS = ['POST', 'GET', 'POST of the hash', 'GET of the hash'] as const;

/** What is asked, and how it is put. */
export interface Request {
  readonly text: string;
  readonly operationName: string | undefined;
  readonly variables: Record<string, unknown>;
  readonly way: (typeof WAYS)[number];
  readonly headers: Record<string, string>;
}

export interface Answer {
  readonly status: number;
  /** Without what differs from request to request. */
  readonly body: Json;
  /** What the answer says of caches, if anything. */
  readonly cacheStatus: string | null;
}

/** Nothing takes as long on the slowest machine: it hangs. */
const PATIENCE_MS = 20_000;
/** Longer addresses are refused by Node. */
const LONGEST_ADDRESS = 8_000;

/** Asks as a client does: a hash alone first, then with its text if it is not known. */
export async function send(endpoint: string, request: Request): Promise<Answer> {
  const { text, operationName, variables, way } = request;
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
  const address = `${endpoint}?${toSearch(content)}`;
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const response =
    isGet && address.length < LONGEST_ADDRESS
      ? await fetch(address, { headers: { 'apollo-require-preflight': 'yes', ...headers }, signal })
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
  const place = ({ path, message }: Json) => `${JSON.stringify(path)} ${message}`;
  return { ...rest, errors: stripped.sort((a, b) => (place(a) < place(b) ? -1 : 1)) };
}
