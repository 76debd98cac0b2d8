import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CAST } from '../../../services/support/cast.ts';
import { DEMO_ISSUER, issueToken } from '../../../services/support/tokens.ts';
import { formatKey, formatKeyFile, secretHash } from '../../../src/auth/api-key-file.ts';
import type { BffDefinition } from '../../../src/bff.ts';
import type { Viewer } from '../../../src/viewer.ts';

/** A viewer, and the headers that authenticate it. */
export interface TestViewer {
  readonly name: string;
  readonly viewer: Viewer;
  readonly headers: Readonly<Record<string, string>>;
}

/** The first ones have the most permissions, and are used most. */
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

/** Creates the viewers of a BFF, and the environment variables that it needs to authenticate them. */
export async function createViewers({ credentials }: BffDefinition) {
  await using resources = new AsyncDisposableStack();
  const users = await Promise.all(USERS.map((user) => createUser(...user)));
  const anonymous: TestViewer = { name: 'anonymous', viewer: { role: 'anonymous' }, headers: {} };
  const viewers = [...users, anonymous];
  const env: Record<string, string> = {};

  if (credentials.includes('key')) {
    const folder = await mkdtemp(join(tmpdir(), 'differential-'));
    resources.defer(() => rm(folder, { recursive: true }));
    env.API_KEYS_PATH = join(folder, 'keys.json');
    const hash = secretHash(SECRET).toString('hex');
    const createdAt = '2026-01-01T00:00:00Z';
    const keys = PARTNERS.map((key) => ({ ...key, hash, createdAt }));
    await writeFile(env.API_KEYS_PATH, formatKeyFile(keys));
    viewers.splice(users.length, 0, ...PARTNERS.map(toPartner));
  }
  const rest = resources.move();
  return { viewers, env, [Symbol.asyncDispose]: () => rest.disposeAsync() };
}

const toPartner = ({ id, partner, scopes }: (typeof PARTNERS)[number]): TestViewer => ({
  name: `the partner ${partner}`,
  viewer: { role: 'partner', partner, scopes },
  headers: { 'x-api-key': formatKey(id, SECRET) },
});

async function createUser(
  id: string,
  role: 'customer' | 'staff',
  scope?: string,
): Promise<TestViewer> {
  const token = await issueToken({ userId: id, role, scope });
  const user = { role, id, issuer: DEMO_ISSUER } as const;
  return {
    name: `${role} ${id}${scope === undefined ? '' : ` through a client with ${scope}`}`,
    viewer: scope === undefined ? user : { ...user, scopes: scope.split(' ') },
    headers: { authorization: `Bearer ${token}` },
  };
}
