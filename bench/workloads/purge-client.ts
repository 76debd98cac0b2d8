import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Pool } from 'undici';
import type { LoadRequest } from '../harness/load.ts';
import { authorizationFor } from './authorization.ts';
import { fetchText, type TextRequest } from './fetch-text.ts';
import { persistedQuery, postQuery } from './graphql-requests.ts';

export const PURGE_SECRET = 'bench-purge-secret-of-32-characters';
const CONNECTIONS = 64;

const readOperation = (name: string): string =>
  readFileSync(new URL(`../../bff-mobile/operations/${name}.graphql`, import.meta.url), 'utf8');
const profile = persistedQuery(readOperation('PublicProfile'));
const UPDATE_PROFILE = readOperation('UpdateProfile');

/** A GET of a user's public profile, by the hash of the operation. */
export const profileRequest = (id: string): LoadRequest => profile.get({ id });

/** A purge of the tag of a user, signed now. A server accepts it once, within minutes. */
export function purgeRequest(id: string): LoadRequest {
  const body = JSON.stringify({ tags: [`User:${id}`] });
  const headers = sign(body);
  return { method: 'POST', path: '/purge', headers, body, expectedText: '"purged":1' };
}

interface Addresses {
  readonly origin: string;
  readonly admin: string;
  readonly userService: string;
}

/** Creates a client with the requests of a purge check. Each throws on an unexpected response. */
export function createPurgeClient(addresses: Addresses) {
  const bff = new Pool(addresses.origin, { connections: CONNECTIONS });
  const admin = new Pool(addresses.admin, { connections: CONNECTIONS });
  const userService = new Pool(addresses.userService, { connections: CONNECTIONS });

  return {
    async nameOf(id: string): Promise<string> {
      const { data } = await fetchJson<{ data: { profile: { name: string } } }>(
        bff,
        profileRequest(id),
      );
      return data.profile.name;
    },

    /** Changes a user's name with the mutation, as that user. @returns the latency in milliseconds */
    async renameByMutation(id: string, name: string): Promise<number> {
      const authorization = await authorizationFor(id);
      const request = postQuery(UPDATE_PROFILE, { input: { name } })({ authorization });
      const start = performance.now();
      const { data } = await fetchJson<UpdateProfileBody>(bff, request);
      const ms = performance.now() - start;
      if (data.updateProfile.user?.name !== name) throw new Error('the name was not changed');
      return ms;
    },

    /** Changes a name at the service, which sends no purge. */
    async renameAtService(id: string, name: string): Promise<void> {
      const request = { method: 'PATCH', path: `/users/${id}`, body: JSON.stringify({ name }) };
      await fetchJson(userService, { ...request, headers: { 'content-type': 'application/json' } });
    },

    async purge(id: string): Promise<void> {
      const { purged } = await fetchJson<{ purged: number }>(admin, purgeRequest(id));
      if (purged !== 1) throw new Error(`purged ${purged} tags instead of 1`);
    },

    close: () => Promise.all([bff, admin, userService].map((pool) => pool.close())),
  };
}

export type PurgeClient = ReturnType<typeof createPurgeClient>;

interface UpdateProfileBody {
  readonly data: { readonly updateProfile: { readonly user: { readonly name: string } | null } };
}

const fetchJson = async <Body>(pool: Pool, request: TextRequest): Promise<Body> =>
  JSON.parse(await fetchText(pool, request));

/** Creates the headers of a signed webhook (standardwebhooks.com). */
function sign(body: string): Record<string, string> {
  const id = randomUUID();
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signature = createHmac('sha256', PURGE_SECRET)
    .update(`${id}.${timestamp}.${body}`)
    .digest('base64');
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  };
}
