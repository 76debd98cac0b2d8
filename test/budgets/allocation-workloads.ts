import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { mobile } from '../../bff-mobile/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { authorization } from '../support/environment.ts';
import type { Send } from './allocation-process.ts';

type Headers = Readonly<Record<string, string>>;

interface Response {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends a GET, or a POST if there is a body. */
type SendRequest = (query: string, headers?: Headers, body?: string) => Promise<Response>;

/** One kind of request to the mobile BFF. */
export interface Workload {
  /** The variables of the BFF. */
  readonly env: NodeJS.ProcessEnv;
  /** Fills the cache if necessary. @returns a function that sends one request */
  readonly prepare: (request: SendRequest) => Send | Promise<Send>;
}

/** The headers that a phone sends with each request. */
const COMMON_HEADERS: Headers = {
  accept: 'application/graphql-response+json, application/json;q=0.9',
  'accept-encoding': 'gzip, br',
  'accept-language': 'en',
  'apollographql-client-name': 'phone',
  'user-agent': 'Phone/1.0',
};

const sourceOf = (operation: string) =>
  readFileSync(new URL(`${operation}.graphql`, mobile.operations), 'utf8');

/** The query string that requests an operation by the hash of its text. */
function byHash(operation: string, variables: object): string {
  const persistedQuery = { version: 1, sha256Hash: hash('sha256', sourceOf(operation)) };
  const parameters = { extensions: { persistedQuery }, variables };
  const texts = Object.entries(parameters).map(([name, value]) => [name, JSON.stringify(value)]);
  return `?${new URLSearchParams(texts)}`;
}

const VARIABLES = { id: CAST.otherCustomer };
const PROFILE = byHash('PublicProfile', VARIABLES);
const PROFILE_TEXT = JSON.stringify({ query: sourceOf('PublicProfile'), variables: VARIABLES });
const DASHBOARD = byHash('Dashboard', {});

const CACHED = { CACHE_MEMORY_MB: '64' };
/** Requests that are not sampled must not allocate anything for it. */
const UNSAMPLED = {
  ...CACHED,
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
  OTEL_TRACES_SAMPLER_ARG: '0',
};
const UNCACHED = { CACHE_MEMORY_MB: '0' };

export const WORKLOADS: Readonly<Record<string, Workload>> = {
  'cache hit, GET by hash': {
    env: CACHED,
    async prepare(send) {
      await send(PROFILE);
      return async () => assertHit(await send(PROFILE));
    },
  },
  'cache hit, GET by hash, not sampled for a trace': {
    env: UNSAMPLED,
    async prepare(send) {
      await send(PROFILE);
      return async () => assertHit(await send(PROFILE));
    },
  },
  'cache hit, POST of the text': {
    env: CACHED,
    async prepare(send) {
      const type = { 'content-type': 'application/json' };
      await send(PROFILE);
      return async () => assertHit(await send('', type, PROFILE_TEXT));
    },
  },
  '304 Not Modified': {
    env: CACHED,
    async prepare(send) {
      const { etag = '' } = (await send(PROFILE)).headers;
      const headers = { 'if-none-match': etag };
      return async () => assert.equal((await send(PROFILE, headers)).status, 304);
    },
  },
  'dashboard without a cache': {
    env: UNCACHED,
    async prepare(send) {
      const headers = await authorization(CAST.customer);
      return async () => assertDashboard(await send(DASHBOARD, headers));
    },
  },
};

function assertHit({ status, headers, body }: Response): void {
  assert.equal(status, 200, body);
  assert.match(headers['cache-status'] as string, /; hit;/);
}

function assertDashboard({ status, body }: Response): void {
  assert.equal(status, 200, body);
  assert.match(body, /^\{"data":\{"dashboard":\{(?!.*"errors":)/);
}

/** A client with one connection. */
export function createClient(endpoint: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });

  async function send(query: string, headers: Headers = {}, body?: string): Promise<Response> {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const method = body === undefined ? 'GET' : 'POST';
    const options = { agent, method, headers: { ...COMMON_HEADERS, ...headers } };
    const sent = request(`${endpoint}${query}`, options, (response) => {
      const { statusCode: status, headers } = response;
      text(response).then((body) => resolve({ status, headers, body }), reject);
    });
    sent.on('error', reject).end(body);
    return promise;
  }

  return { send, [Symbol.dispose]: () => agent.destroy() };
}
