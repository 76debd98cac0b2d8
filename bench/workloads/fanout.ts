import { issueToken } from '../../services/user/tokens.ts';
import type { LoadRequest } from '../harness/load.ts';
import { holdingsOf, userIds } from '../upstream/data.ts';
import { FANOUT_QUERY } from './fanout-query.ts';

/** W1: the dashboard of another user with every request; three upstream calls, nothing cached. */
export const fanout = {
  title: 'Dashboards for distinct users (`fanout`)',
  peers: ['frontdesk', 'apollo-got', 'fanout-undici'],
  /** Whom the ratios are taken to. */
  baseline: 'apollo-got',
  upstreamCalls: 3,
  delays: { user: 5, order: 10, notification: 20 },

  /** One request of each user. */
  requests: (): Promise<LoadRequest[]> => Promise.all(userIds.map(requestOf)),
  probes: createProbes,
};

export type Workload = typeof fanout;

/** A question that is asked before anything is timed, and what must come back. */
export interface Probe {
  readonly what: string;
  readonly request: LoadRequest;
  /** The whole body; undefined if the peer must refuse. */
  readonly expected: unknown;
}

const SAMPLES = [0, 1, 499, 998, 999];

async function createProbes(): Promise<Probe[]> {
  const samples = SAMPLES.map(async (index) => {
    const userId = userIds[index] as string;
    const request = await requestOf(userId);
    return { what: `user ${userId}`, request, expected: expectedDashboard(userId) };
  });
  const { authorization = '', ...anonymous } = (await requestOf('10000')).headers;
  const [head, , signature] = authorization.split('.');
  const [, foreignPayload] = (await requestOf('10001')).headers.authorization?.split('.') ?? [];
  const expired = await issueToken({ userId: '10000', expiresIn: -60 });
  const refused: Record<string, string | undefined> = {
    'no token': undefined,
    "another user's claims under a signature": `${head}.${foreignPayload}.${signature}`,
    'an expired token': `Bearer ${expired}`,
  };
  const refusals = Object.entries(refused).map(([what, token]) => {
    const headers: Record<string, string> = { ...anonymous };
    if (token) headers.authorization = token;
    return { what, request: { ...POST, headers }, expected: undefined };
  });
  return [...(await Promise.all(samples)), ...refusals];
}

const POST = {
  method: 'POST',
  path: '/graphql',
  body: JSON.stringify({ query: FANOUT_QUERY }),
} as const;

async function requestOf(userId: string): Promise<LoadRequest> {
  const token = await issueToken({ userId });
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  return { ...POST, headers };
}

/** What every peer must answer to this user, by the upstream's data alone. */
function expectedDashboard(userId: string) {
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
