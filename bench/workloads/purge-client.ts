import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Pool } from 'undici';
import type { LoadRequest } from '../harness/load.ts';
import { asText, byHash } from './operation.ts';
import { authorizationOf } from './tokens.ts';

export const PURGE_SECRET = 'bench-purge-secret-of-32-characters';
const CONNECTIONS = 64;

const committed = (name: string): string =>
  readFileSync(new URL(`../../bff-mobile/operations/${name}.graphql`, import.meta.url), 'utf8');
const profile = byHash(committed('PublicProfile'));
const UPDATE_PROFILE = committed('UpdateProfile');

/** What asks for a user's public card. */
export const profileOf = (id: string): LoadRequest => profile.get({ id });

interface Addresses {
  readonly origin: string;
  readonly admin: string;
  readonly userService: string;
}

/** The few requests around a change. Whatever is not answered as it must be throws. */
export function createPurgeClient(addresses: Addresses) {
  const bff = new Pool(addresses.origin, { connections: CONNECTIONS });
  const admin = new Pool(addresses.admin, { connections: CONNECTIONS });
  const userService = new Pool(addresses.userService, { connections: CONNECTIONS });

  return {
    async nameOf(id: string): Promise<string> {
      const { data } = await ask<{ data: { profile: { name: string } } }>(bff, profileOf(id));
      return data.profile.name;
    },

    /** The user changes the own name. @returns how long the answer took, in milliseconds */
    async renameSelf(id: string, name: string): Promise<number> {
      const authorization = await authorizationOf(id);
      const request = asText(UPDATE_PROFILE, { input: { name } })({ authorization });
      const start = performance.now();
      const { data } = await ask<Updated>(bff, request);
      const ms = performance.now() - start;
      if (data.updateProfile.user?.name !== name) throw new Error('the name was not changed');
      return ms;
    },

    /** The service changes a name, and tells nobody. */
    async renameAtService(id: string, name: string): Promise<void> {
      const request = { method: 'PATCH', path: `/users/${id}`, body: JSON.stringify({ name }) };
      await ask(userService, { ...request, headers: { 'content-type': 'application/json' } });
    },

    /** Purges what has to do with a user. @returns how long the answer took, in milliseconds */
    async purge(id: string): Promise<number> {
      const body = JSON.stringify({ tags: [`User:${id}`] });
      const request = { method: 'POST', path: '/purge', body, headers: sign(body) };
      const start = performance.now();
      const { purged } = await ask<{ purged: number }>(admin, request);
      const ms = performance.now() - start;
      if (purged !== 1) throw new Error(`${purged} tags were purged`);
      return ms;
    },

    close: () => Promise.all([bff, admin, userService].map((pool) => pool.close())),
  };
}

export type PurgeClient = ReturnType<typeof createPurgeClient>;

interface Updated {
  readonly data: { readonly updateProfile: { readonly user: { readonly name: string } | null } };
}

async function ask<Body>(
  pool: Pool,
  { method, path, headers, body }: Omit<LoadRequest, 'method'> & { readonly method: string },
): Promise<Body> {
  const answer = await pool.request({ method, path, headers: { ...headers }, body: body ?? null });
  const text = await answer.body.text();
  if (answer.statusCode !== 200 || text.includes('"errors"')) {
    throw new Error(`${method} ${path} was answered with ${answer.statusCode} ${text}`);
  }
  return JSON.parse(text) as Body;
}

/** As standardwebhooks.com has it. */
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
