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

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

type Ask = (query: string, headers?: Headers, body?: string) => Promise<Answer>;

/** One way of asking the mobile BFF. */
export interface Way {
  /** Of the BFF that is asked. */
  readonly env: NodeJS.ProcessEnv;
  /** @returns what sends one request, which is answered in this way and no other */
  readonly prepare: (ask: Ask) => Send | Promise<Send>;
}

/** What a phone sends with each request. */
const USUAL: Headers = {
  accept: 'application/graphql-response+json, application/json;q=0.9',
  'accept-encoding': 'gzip, br',
  'accept-language': 'en',
  'apollographql-client-name': 'phone',
  'user-agent': 'Phone/1.0',
};

const sourceOf = (operation: string) =>
  readFileSync(new URL(`${operation}.graphql`, mobile.operations), 'utf8');

/** The query of an address that asks for an operation by the hash of its text. */
function byHash(operation: string, variables: object): string {
  const persistedQuery = { version: 1, sha256Hash: hash('sha256', sourceOf(operation)) };
  const given = { extensions: { persistedQuery }, variables };
  const texts = Object.entries(given).map(([name, value]) => [name, JSON.stringify(value)]);
  return `?${new URLSearchParams(texts)}`;
}

const VARIABLES = { id: CAST.otherCustomer };
const PROFILE = byHash('PublicProfile', VARIABLES);
const PROFILE_TEXT = JSON.stringify({ query: sourceOf('PublicProfile'), variables: VARIABLES });
const DASHBOARD = byHash('Dashboard', {});

const KEEPS = { CACHE_MEMORY_MB: '64' };
const KEEPS_NOTHING = { CACHE_MEMORY_MB: '0' };

export const WAYS: Readonly<Record<string, Way>> = {
  'hit by GET of the hash': {
    env: KEEPS,
    async prepare(ask) {
      await ask(PROFILE);
      return async () => seeHit(await ask(PROFILE));
    },
  },
  'hit by POST of the text': {
    env: KEEPS,
    async prepare(ask) {
      const type = { 'content-type': 'application/json' };
      await ask(PROFILE);
      return async () => seeHit(await ask('', type, PROFILE_TEXT));
    },
  },
  'not modified': {
    env: KEEPS,
    async prepare(ask) {
      const { etag = '' } = (await ask(PROFILE)).headers;
      const headers = { 'if-none-match': etag };
      return async () => assert.equal((await ask(PROFILE, headers)).status, 304);
    },
  },
  'dashboard, nothing kept': {
    env: KEEPS_NOTHING,
    async prepare(ask) {
      const headers = await authorization(CAST.customer);
      return async () => seeWhole(await ask(DASHBOARD, headers));
    },
  },
};

function seeHit({ status, headers, body }: Answer): void {
  assert.equal(status, 200, body);
  assert.match(headers['cache-status'] as string, /; hit;/);
}

function seeWhole({ status, body }: Answer): void {
  assert.equal(status, 200, body);
  assert.match(body, /^\{"data":\{"dashboard":\{(?!.*"errors":)/);
}

/** A client with one connection. */
export function createClient(endpoint: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });

  async function ask(query: string, headers: Headers = {}, body?: string): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const method = body === undefined ? 'GET' : 'POST';
    const options = { agent, method, headers: { ...USUAL, ...headers } };
    const asked = request(`${endpoint}${query}`, options, (response) => {
      const { statusCode: status, headers } = response;
      text(response).then((body) => resolve({ status, headers, body }), reject);
    });
    asked.on('error', reject).end(body);
    return promise;
  }

  return { ask, [Symbol.dispose]: () => agent.destroy() };
}
