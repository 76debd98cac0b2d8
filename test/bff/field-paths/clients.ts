import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueToken, type TokenRequest } from '../../../services/support/tokens.ts';
import {
  formatKey,
  formatKeyFile,
  type StoredKey,
  secretHash,
} from '../../../src/auth/api-key-file.ts';
import { SCOPES } from '../../../src/auth/rules.ts';
import type { Environment, Json } from '../../support/environment.ts';
import type { DocumentRequest } from './documents.ts';

/** Sends a request with one kind of credentials. @returns the body of the response */
export type Client = (request: DocumentRequest) => Promise<Json>;

export const createClient =
  (environment: Environment, headers: Record<string, string> = {}): Client =>
  async ({ query, operationName, variables, method }) => {
    if (method !== 'GET') {
      return (await environment.post({ query, operationName, variables }, headers)).body;
    }
    const search = new URLSearchParams({ query });
    return (await fetch(`${environment.endpoint}?${search}`, { headers })).json();
  };

/** Creates clients that act for a user. Each set of scopes has one token. */
export function createTokenClients(environment: Environment) {
  const tokens = new Map<string, Promise<string>>();
  function tokenFor(options: TokenRequest): Promise<string> {
    const key = JSON.stringify(options);
    const token = tokens.get(key) ?? issueToken(options);
    tokens.set(key, token);
    return token;
  }
  /** @param scopes - all that the user may do if undefined */
  return async (
    user: { userId: string; role: 'customer' | 'staff' },
    scopes?: readonly string[],
  ): Promise<Client> => {
    const token = await tokenFor({ ...user, scope: scopes?.join(' ') });
    return createClient(environment, { authorization: `Bearer ${token}` });
  };
}

/** Writes a file with an API key for every set of scopes. */
export async function createKeyring() {
  const folder = await mkdtemp(join(tmpdir(), 'keys-'));
  const path = join(folder, 'keys.json');
  const secret = randomBytes(32).toString('base64url');
  const hash = secretHash(secret).toString('hex');
  const keys = Array.from({ length: 2 ** SCOPES.length }, (_, bits): StoredKey => {
    const scopes = SCOPES.filter((_scope, bit) => bits & (1 << bit));
    return {
      id: `set-${bits}`,
      partner: 'acme',
      hash,
      scopes,
      createdAt: new Date().toISOString(),
    };
  });
  await writeFile(path, formatKeyFile(keys));

  return {
    path,
    /** A client with the API key that has exactly these scopes. */
    clientFor(environment: Environment, scopes: readonly string[]): Client {
      const bits = SCOPES.reduce(
        (sum, scope, bit) => sum + (scopes.includes(scope) ? 1 << bit : 0),
        0,
      );
      return createClient(environment, { 'x-api-key': formatKey(`set-${bits}`, secret) });
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

export type Keyring = Awaited<ReturnType<typeof createKeyring>>;
