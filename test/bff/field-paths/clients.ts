import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueToken } from '../../../services/support/tokens.ts';
import {
  formatKey,
  formatKeyFile,
  type StoredKey,
  secretHash,
} from '../../../src/auth/api-key-file.ts';
import { SCOPES } from '../../../src/auth/rules.ts';
import type { Environment, Json } from '../../support/environment.ts';
import type { Asked } from './documents.ts';

/** Where one asker asks: the body that comes back. */
export type Desk = (asked: Asked) => Promise<Json>;

/** Over HTTP, as any client does. */
export const httpDesk =
  (environment: Environment, headers: Record<string, string>): Desk =>
  async ({ query, operationName, variables, method }) => {
    if (method !== 'GET') {
      return (await environment.post({ query, operationName, variables }, headers)).body;
    }
    const search = new URLSearchParams({ query });
    return (await fetch(`${environment.endpoint}?${search}`, { headers })).json();
  };

/** A client that acts for a user; with everything that the user may do if there is no list. */
export async function clientDesk(
  environment: Environment,
  user: { userId: string; role: 'customer' | 'staff' },
  scopes?: readonly string[],
): Promise<Desk> {
  const token = await issueToken({ ...user, scope: scopes?.join(' ') });
  return httpDesk(environment, { authorization: `Bearer ${token}` });
}

/** A file with an API key for every set of scopes. */
export async function createKeyring() {
  const folder = await mkdtemp(join(tmpdir(), 'keys-'));
  const path = join(folder, 'keys.json');
  const secret = randomBytes(32).toString('base64url');
  const hash = secretHash(secret).toString('hex');
  const keys = Array.from({ length: 2 ** SCOPES.length }, (_, set): StoredKey => {
    const scopes = SCOPES.filter((_scope, bit) => set & (1 << bit));
    return { id: `set-${set}`, partner: 'acme', hash, scopes, createdAt: new Date().toISOString() };
  });
  await writeFile(path, formatKeyFile(keys));

  return {
    path,
    deskOf(environment: Environment, scopes: readonly string[]): Desk {
      const set = SCOPES.reduce(
        (sum, scope, bit) => sum + (scopes.includes(scope) ? 1 << bit : 0),
        0,
      );
      return httpDesk(environment, { 'x-api-key': formatKey(`set-${set}`, secret) });
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
