import { createComparison } from '../harness/comparison.ts';
import { userIds } from '../upstream/data.ts';
import { recentOrders } from '../upstream/recent-orders.ts';
import { headersFor } from './authorization.ts';
import { postQuery } from './graphql-requests.ts';
import {
  expectedRecentOrders,
  expectedSingle,
  RECENT_ORDERS_QUERY,
  SINGLE_QUERY,
} from './recent-orders.ts';
import { createRefusalProbes } from './refusal-probes.ts';
import { VARIANT_COUNT, variantVariables } from './variants.ts';
import type { Probe } from './workload.ts';

const STAFF_IDS = userIds.slice(0, 100);

const staffHeaders = (turn: number) =>
  headersFor(STAFF_IDS[turn % STAFF_IDS.length] as string, 'staff');

const distinctRequests = () =>
  Promise.all(
    Array.from({ length: VARIANT_COUNT }, async (_, turn) =>
      postQuery(RECENT_ORDERS_QUERY, variantVariables(turn))(await staffHeaders(turn)),
    ),
  );

const CUSTOMER_IDS = recentOrders(50).map(({ userId }) => userId);

/** The newest orders with their customers, for staff: a list, and one lookup per entry. */
export const nPlus1 = createComparison({
  peers: ['frontdesk', 'apollo-got', 'yoga', 'mercurius', 'tailcall'],
  baselines: ['apollo-got', 'mercurius', 'tailcall'],
  schema: 'web',
  env: { CACHE_MEMORY_MB: '0' },
  upstreamPaths: ['/orders?recent=50', `/users?ids=${CUSTOMER_IDS.join(',')}`],
  modes: {
    'orders-idle': {
      title: '50 orders with their customers, idle: 1 connection',
      connections: 1,
      requests: distinctRequests,
    },
    orders: {
      title: '50 orders with their customers: 64 connections, distinct variables',
      connections: 64,
      requests: distinctRequests,
    },
  },
  probes: async () => [
    ...(await sampleProbes()),
    ...(await createRefusalProbes(postQuery(SINGLE_QUERY), 'staff')),
  ],
});

async function sampleProbes(): Promise<Probe[]> {
  const headers = await staffHeaders(0);
  const request = postQuery(SINGLE_QUERY)(headers);
  const variants = [0, 1, VARIANT_COUNT - 1].map((turn) => ({
    name: `recent orders, variant ${turn}`,
    request: postQuery(RECENT_ORDERS_QUERY, variantVariables(turn))(headers),
    expected: expectedRecentOrders,
  }));
  return [{ name: 'recent orders', request, expected: expectedSingle }, ...variants];
}
