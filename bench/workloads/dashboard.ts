import { issueToken } from '../../services/user/tokens.ts';
import type { LoadRequest } from '../harness/load.ts';
import { holdingsOf, userIds } from '../upstream/data.ts';
import type { Probe } from './workload.ts';

/** What a user's token looks like in a request; for each user always the same. */
export async function authorizationOf(userId: string): Promise<string> {
  const known = authorizations.get(userId) ?? `Bearer ${await issueToken({ userId })}`;
  authorizations.set(userId, known);
  return known;
}
const authorizations = new Map<string, string>();

/** Who must be refused. @param ask - the request with these headers more */
export async function createRefusals(
  ask: (headers: Readonly<Record<string, string>>) => LoadRequest,
): Promise<Probe[]> {
  const [own = '', other = ''] = await Promise.all(userIds.slice(0, 2).map(authorizationOf));
  const [head, , signature] = own.split('.');
  const [, foreignPayload] = other.split('.');
  const expired = await issueToken({ userId: '10000', expiresIn: -60 });
  const refused: Record<string, Record<string, string>> = {
    'no token': {},
    "another user's claims under a signature": {
      authorization: `${head}.${foreignPayload}.${signature}`,
    },
    'an expired token': { authorization: `Bearer ${expired}` },
  };
  return Object.entries(refused).map(([what, headers]) => ({
    what,
    request: ask(headers),
    expected: undefined,
  }));
}

/** What every peer must answer to this user's FANOUT_QUERY, by the upstream's data alone. */
export function expectedDashboard(userId: string) {
  const { user, orders, notifications } = holdingsOf(userId);
  return {
    data: {
      dashboard: {
        user: { id: user.id, name: user.name },
        orders: orders.map(({ id, status, total, items }) => ({
          id,
          status: status.toUpperCase(),
          total,
          items: items.map(({ sku, quantity }) => ({ sku, quantity })),
        })),
        notifications: notifications.map(({ id, kind, createdAt }) => ({
          id,
          kind: kind.toUpperCase(),
          createdAt,
        })),
      },
    },
  };
}
