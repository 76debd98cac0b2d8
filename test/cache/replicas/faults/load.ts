import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom, SEED } from '../../../attack/random.ts';
import { authorization } from '../../../support/environment.ts';
import { type Answer, createClient } from '../../../support/http-client.ts';
import type { History } from '../model/history.ts';

const FIRST_USER = 101;
/** Few enough that most of their profiles are stored. */
const USERS = 100;
const MAX_CONNECTIONS = 256;
/** Every twentieth request is a mutation. */
const WRITE_INTERVAL = 20;
const PERCENT = { profiles: 62, uncachedProfiles: 12 };
const VIEWER =
  '{ viewer { id user { name } orders(first: 3) { edges { node { id } } } unreadCount } }';
const RENAME = `mutation ($name: String!) {
  updateProfile(input: { name: $name }) { user { id name } userErrors { code } }
}`;

export interface LoadOptions {
  /** The GraphQL endpoints of the replicas. */
  readonly endpoints: readonly string[];
  readonly requestsPerSecond: number;
  /** The names of all users, which only the load changes. */
  readonly history: History;
}

export interface LoadResult {
  /** In milliseconds from the time at which a request was due, in ascending order. */
  readonly latencies: number[];
  /** Responses that are not status 200 without errors. */
  readonly errors: string[];
  /** Responses with a name that is too old. */
  readonly stale: string[];
  hits: number;
  executed: number;
  writes: number;
}

/**
 * Sends requests at a steady rate, whether or not earlier ones have been answered, to random replicas:
 * public and private reads, which are stored, reads that must be executed, and mutations.
 */
export function startLoad({ endpoints, requestsPerSecond, history }: LoadOptions) {
  const client = createClient(MAX_CONNECTIONS);
  const random = createRandom(SEED);
  const result: LoadResult = {
    latencies: [],
    errors: [],
    stale: [],
    hits: 0,
    executed: 0,
    writes: 0,
  };
  const writing = new Set<string>();
  let isStopped = false;

  async function read(endpoint: string, user: string, query: string, headers = {}): Promise<void> {
    const lowest = history.lowestValue(user, endpoint);
    const url = `${endpoint}?query=${encodeURIComponent(query)}`;
    const answer = await client.send({ url, headers: { ...headers, ...addressOf(user) } });
    if (!isComplete(answer)) return;
    if (/; hit/.test(String(answer.headers['cache-status']))) result.hits++;
    else result.executed++;
    const value = versionOf(answer.text);
    if (value < lowest)
      result.stale.push(`${endpoint} ${query}: ${value}, at least ${lowest} expected`);
  }

  async function rename(endpoint: string, user: string): Promise<void> {
    writing.add(user);
    const answered = history.write(user);
    const body = JSON.stringify({
      query: RENAME,
      variables: { name: `Name ${history.current(user)} of ${user}` },
    });
    const headers = { ...(await headersOf(user)), 'content-type': 'application/json' };
    const answer = await client.send({ method: 'POST', url: endpoint, headers, body });
    result.writes++;
    if (isComplete(answer)) answered(endpoint);
    writing.delete(user);
  }

  function isComplete({ status, text }: Answer): boolean {
    const isIt = status === 200 && !text.includes('"errors":');
    if (!isIt) result.errors.push(`${status} ${text}`);
    return isIt;
  }

  async function sendOne(index: number): Promise<void> {
    const endpoint = random.pick(endpoints);
    const user = String(FIRST_USER + random.below(USERS));
    if (index % WRITE_INTERVAL === 0 && !writing.has(user)) return rename(endpoint, user);
    const choice = random.below(100);
    const profile = `{ profile(id: "${user}") { name } }`;
    if (choice < PERCENT.profiles) return read(endpoint, user, profile);
    if (choice < PERCENT.profiles + PERCENT.uncachedProfiles)
      return read(endpoint, user, profile, { 'cache-control': 'no-cache' });
    return read(endpoint, user, VIEWER, await headersOf(user));
  }

  async function sendDue(index: number, dueAt: number): Promise<void> {
    await sendOne(index).catch((error: Error) => result.errors.push(error.message));
    result.latencies.push(performance.now() - dueAt);
  }

  async function run(): Promise<void> {
    const sent: Promise<void>[] = [];
    const startedAt = performance.now();
    while (!isStopped) {
      const dueAt = startedAt + (sent.length * 1_000) / requestsPerSecond;
      await sleep(Math.max(0, dueAt - performance.now()));
      sent.push(sendDue(sent.length, dueAt));
    }
    await Promise.all(sent);
  }

  const done = run();
  return {
    async stop(): Promise<LoadResult> {
      isStopped = true;
      await done;
      client.close();
      result.latencies.sort((a, b) => a - b);
      return result;
    },
  };
}

/** The number in the name that the last mutation has set. */
const versionOf = (text: string): number => Number(/"Name (\d+) of/.exec(text)?.[1] ?? 0);

/** Users have addresses of their own, so that each counts for a rate limit of its own. */
const addressOf = (user: string) => ({ 'x-forwarded-for': `10.0.0.${Number(user) & 255}` });

const headersOf = async (user: string) => ({ ...(await authorization(user)), ...addressOf(user) });

/**
 * Waits until a response that one replica stores is a hit at the other one, in both directions.
 * @returns the time in milliseconds
 */
export async function untilShared(endpoints: readonly string[]): Promise<number> {
  const client = createClient(MAX_CONNECTIONS);
  const start = performance.now();
  let number = 0;

  async function isShared(from: string, to: string): Promise<boolean> {
    // A new operation, which is stored nowhere.
    const query = `{ profile(id: "42") { probe${process.pid}_${Date.now()}_${number++}: name } }`;
    const search = `?query=${encodeURIComponent(query)}`;
    await client.send({ url: `${from}${search}` });
    // No response waits for the write to Redis.
    await sleep(10);
    const { headers } = await client.send({ url: `${to}${search}` });
    return /; hit/.test(String(headers['cache-status']));
  }

  const directions = endpoints.flatMap((from) =>
    endpoints.filter((to) => to !== from).map((to) => [from, to] as const),
  );
  for (const [from, to] of directions) while (!(await isShared(from, to))) await sleep(40);
  client.close();
  return performance.now() - start;
}
