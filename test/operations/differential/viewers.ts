import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CAST } from '../../../services/support/cast.ts';
import { DEMO_ISSUER, issueToken } from '../../../services/support/tokens.ts';
import { formatKey, formatKeyFile, secretHash } from '../../../src/auth/api-key-file.ts';
import type { BffDefinition } from '../../../src/bff.ts';
import type { Viewer } from '../../../src/viewer.ts';

/** One who asks: as a BFF sees them, and what they send so that it does. */
export interface TestViewer {
  readonly name: string;
  readonly viewer: Viewer;
  readonly headers: Readonly<Record<string, string>>;
}

/** Those that are refused least come first, and are drawn most. */
const USERS: readonly (readonly [id: string, role: 'customer' | 'staff', scope?: string])[] = [
  [CAST.staff, 'staff'],
  [CAST.customer, 'customer'],
  [CAST.otherCustomer, 'customer'],
  [CAST.noOrders, 'customer'],
  [CAST.deleted, 'customer'],
  [CAST.customer, 'customer', 'orders:read profile:read'],
  [CAST.customer, 'customer', 'notifications:read notifications:write'],
  [CAST.staff, 'staff', 'orders:read'],
];

const SECRET = 'abcdefghijklmnopqrstuvwxyz-_0123456789ABCDEF';
const PARTNERS = [
  { id: 'acme-1', partner: 'acme', scopes: ['orders:read', 'profile:read'] },
  { id: 'apex-1', partner: 'apex', scopes: ['orders:read'] },
];

/** Everyone who may ask a BFF, and the environment in which they may. */
export async function gatherAskers({ credentials }: BffDefinition) {
  const users = await Promise.all(USERS.map((user) => signIn(...user)));
  const nobody: TestViewer = { name: 'anonymous', viewer: { role: 'anonymous' }, headers: {} };
  if (!credentials.includes('key')) return alone([...users, nobody]);

  const folder = await mkdtemp(join(tmpdir(), 'differential-'));
  const path = join(folder, 'keys.json');
  const hash = secretHash(SECRET).toString('hex');
  const createdAt = '2026-01-01T00:00:00Z';
  await writeFile(path, formatKeyFile(PARTNERS.map((key) => ({ ...key, hash, createdAt }))));
  const partners = PARTNERS.map(
    ({ id, partner, scopes }): TestViewer => ({
      name: `the partner ${partner}`,
      viewer: { role: 'partner', partner, scopes },
      headers: { 'x-api-key': formatKey(id, SECRET) },
    }),
  );
  return {
    askers: [...users, ...partners, nobody],
    env: { API_KEYS_PATH: path },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

const alone = (askers: readonly TestViewer[]) => ({
  askers,
  env: {},
  [Symbol.asyncDispose]: async () => {},
});

async function signIn(id: string, role: 'customer' | 'staff', scope?: string): Promise<TestViewer> {
  const token = await issueToken({ userId: id, role, scope });
  const user = { role, id, issuer: DEMO_ISSUER } as const;
  return {
    name: `${role} ${id}${scope === undefined ? '' : ` for a client with ${scope}`}`,
    viewer: scope === undefined ? user : { ...user, scopes: scope.split(' ') },
    headers: { authorization: `Bearer ${token}` },
  };
}
