import assert from 'node:assert/strict';
import type { BffDefinition } from '../../src/bff.ts';
import { urlVariable } from '../../src/config/index.ts';
import type { UpstreamTable } from '../../src/datasources/upstreams.ts';
import {
  type AnyEnvironment,
  authorization,
  type RequestOptions,
  type ServicesOf,
  startEnvironment,
  type TestResponse,
  type TestViewer,
} from '../support/environment.ts';
import { until } from '../support/until.ts';
import { type ResponseGate, startResponseGate } from './response-gate.ts';

export const CACHED = { CACHE_MEMORY_MB: '64' };

/** With it, shared caches may store answers for as long as the BFF does. Nothing listens there. */
export const EDGES = { EDGE_PURGE_URL: 'http://127.0.0.1:1/' };

/** A query and its viewer. */
export interface Query extends RequestOptions {
  readonly query: string;
}

/** Queries by name. */
export type Queries = Readonly<Record<string, Query>>;

/** The same viewer's queries. */
export const queriesAs = (as: TestViewer, queries: Readonly<Record<string, string>>): Queries =>
  Object.fromEntries(
    Object.entries(queries).map(([name, query]) => [`${as}: ${name}`, { as, query }]),
  );

/** The outcome by Cache-Status: `hit`, `stored`, `collapsed`, or `not stored`. */
export const outcomeOf = ({ headers }: Pick<TestResponse, 'headers'>): string =>
  /; (hit|stored|collapsed)\b/.exec(headers.get('cache-status') ?? '')?.[1] ?? 'not stored';

/** The remaining freshness of a hit in seconds, negative once it has expired; NaN for other answers. */
export const ttlOf = ({ headers }: Pick<TestResponse, 'headers'>): number =>
  Number(
    /^frontdesk; hit; ttl=(-?\d+)$/.exec(headers.get('cache-status') ?? '')?.[1] ?? Number.NaN,
  );

/** The URL of a query over GET. */
export const urlOf = ({ endpoint }: AnyEnvironment, query: string): string =>
  `${endpoint}?${new URLSearchParams({ query })}`;

/** Sends a query over GET. */
export const get = (
  environment: AnyEnvironment,
  query: string,
  headers: Record<string, string> = {},
): Promise<Response> => fetch(urlOf(environment, query), { headers });

/** Sends a body as JSON over POST. */
export const post = (
  { endpoint }: AnyEnvironment,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> =>
  fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

export async function send(
  environment: Pick<AnyEnvironment, 'send'>,
  { query, as = 'anonymous', variables, headers }: Query,
): Promise<TestResponse> {
  const credentials = await authorization(as);
  return environment.send(query, {
    ...(variables && { variables }),
    headers: { ...credentials, ...headers },
  });
}

/** Sends every query twice, and asserts that the second answer is a hit. */
export async function warmCache(environment: AnyEnvironment, queries: Queries): Promise<void> {
  for (const [name, query] of Object.entries(queries)) {
    const { body } = await send(environment, query);
    assert.equal(body.errors, undefined, `${name}: ${JSON.stringify(body.errors)}`);
    assert.equal(outcomeOf(await send(environment, query)), 'hit', name);
  }
}

/** Asserts that a query is a hit with the expected body. */
export async function assertCached(
  environment: AnyEnvironment,
  query: Query,
  expected: TestResponse,
): Promise<void> {
  const answer = await send(environment, query);
  assert.equal(outcomeOf(answer), 'hit');
  assert.deepEqual(answer.body, expected.body);
}

/**
 * Sends every query, and asserts that each answer is the same as without a cache.
 * @returns the names of those that are hits
 */
export async function hitsAmong(environment: AnyEnvironment, queries: Queries): Promise<string[]> {
  const hits: string[] = [];
  for (const [name, query] of Object.entries(queries)) {
    const answer = await send(environment, query);
    if (outcomeOf(answer) === 'hit') hits.push(name);
    assert.deepEqual(answer.body, (await sendUncached(environment, query)).body, name);
  }
  return hits;
}

/** Sends a query with `no-store`, so that it is executed and its answer is not stored. */
export const sendUncached = (environment: AnyEnvironment, query: Query): Promise<TestResponse> =>
  send(environment, { ...query, headers: { ...query.headers, 'cache-control': 'no-store' } });

/** The headers of a viewer whose token the BFF has verified, so that later requests don't wait for it. */
export async function signIn(
  environment: AnyEnvironment,
  as: TestViewer,
): Promise<Record<string, string>> {
  const headers = await authorization(as);
  await environment.send('{ __typename }', { headers });
  return { ...headers };
}

/** Calls `act`, which sends requests, and waits until the BFF executes as many as `count`. */
async function whenReceived<T extends object>(
  environment: AnyEnvironment,
  count: number,
  act: () => T,
): Promise<T> {
  let received = 0;
  const onRequest = () => void received++;
  environment.app.server.on('request', onRequest);
  const result = act();
  await until(() => received === count);
  environment.app.server.off('request', onRequest);
  await whenProcessed(environment);
  return result;
}

/** Resolves when the BFF has begun to process all that it has received: it answers this request last. */
export async function whenProcessed({ url }: AnyEnvironment): Promise<void> {
  await (await fetch(`${url}/healthz`)).text();
}

/**
 * Sends all queries concurrently.
 * @returns when the BFF executes them: their answers, in the same order
 */
export const sendAll = (
  environment: AnyEnvironment,
  ...queries: Query[]
): Promise<{ answers: Promise<TestResponse[]> }> =>
  whenReceived(environment, queries.length, () => ({
    answers: Promise.all(queries.map((query) => send(environment, query))),
  }));

/**
 * Sends a query over a connection that the client closes before the answer.
 * @returns when the BFF executes it: a function that closes the connection, and waits until the BFF
 *   has noticed
 */
export function sendAbortable(environment: AnyEnvironment, { query, headers }: Query) {
  const aborting = new AbortController();
  const closed = new Promise<void>((resolve) => {
    environment.app.server.once('request', (_request, response) => response.once('close', resolve));
  });
  return whenReceived(environment, 1, () => {
    const answer = fetch(environment.endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query }),
      signal: aborting.signal,
    });
    const abort = async () => {
      aborting.abort();
      await Promise.all([assert.rejects(answer), closed]);
    };
    return { abort };
  });
}

/** An environment with a response gate in front of each service. */
export async function startGatedEnvironment<U extends UpstreamTable>(
  bff: BffDefinition<U>,
  env: NodeJS.ProcessEnv = {},
) {
  await using started = new AsyncDisposableStack();
  const names = Object.keys(bff.upstreams) as ServicesOf<U>[];
  const created = await Promise.all(
    names.map(async (name) => [name, started.use(await startResponseGate())] as const),
  );
  const gates = Object.fromEntries(created) as Record<ServicesOf<U>, ResponseGate>;
  const environment = started.use(
    await startEnvironment(bff, {
      ...CACHED,
      ...Object.fromEntries(created.map(([name, { url }]) => [urlVariable(name), url])),
      // Held responses must not time out on a slow machine.
      UPSTREAM_ATTEMPT_TIMEOUT_MS: '30000',
      REQUEST_DEADLINE_MS: '30000',
      ...env,
    }),
  );
  for (const name of names) gates[name].forwardTo(environment.services[name].listeningOrigin);
  const resources = started.move();
  return { ...environment, gates, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

export type GatedEnvironment<U extends UpstreamTable = UpstreamTable> = Awaited<
  ReturnType<typeof startGatedEnvironment<U>>
>;
