import { createRace } from '../harness/race.ts';
import { userIds } from '../upstream/data.ts';
import { recentOrders } from '../upstream/recent-orders.ts';
import { asText } from './operation.ts';
import {
  expectedRecentOrders,
  expectedSingle,
  QUESTIONS,
  questionOf,
  RECENT_ORDERS_QUERY,
  SINGLE_QUERY,
} from './recent-orders.ts';
import { createRefusals, headersOf } from './tokens.ts';
import type { Probe } from './workload.ts';

/** People who work here. */
const STAFF = userIds.slice(0, 100);

const staffOf = (turn: number) => headersOf(STAFF[turn % STAFF.length] as string, 'staff');

const apart = () =>
  Promise.all(
    Array.from({ length: QUESTIONS }, async (_, turn) =>
      asText(RECENT_ORDERS_QUERY, questionOf(turn))(await staffOf(turn)),
    ),
  );

const CUSTOMERS = recentOrders(50).map(({ userId }) => userId);

/** The newest orders with their customers, as staff see them: a list, and a lookup for each entry. */
export const nPlus1 = createRace({
  peers: ['frontdesk', 'apollo-got', 'yoga', 'mercurius', 'tailcall'],
  baselines: ['apollo-got', 'mercurius', 'tailcall'],
  schema: 'web',
  env: { CACHE_MEMORY_MB: '0' },
  bare: ['/orders?recent=50', `/users?ids=${CUSTOMERS.join(',')}`],
  modes: {
    'orders-idle': {
      title: '50 orders with their customers, idle: 1 connection',
      connections: 1,
      requests: apart,
    },
    orders: {
      title: '50 orders with their customers: 64 connections, each question another one',
      connections: 64,
      requests: apart,
    },
  },
  probes: async () => [
    ...(await sampleProbes()),
    ...(await createRefusals(asText(SINGLE_QUERY), 'staff')),
  ],
});

async function sampleProbes(): Promise<Probe[]> {
  const headers = await staffOf(0);
  const request = asText(SINGLE_QUERY)(headers);
  const several = [0, 1, QUESTIONS - 1].map((turn) => ({
    what: `recent orders, question ${turn}`,
    request: asText(RECENT_ORDERS_QUERY, questionOf(turn))(headers),
    expected: expectedRecentOrders,
  }));
  return [{ what: 'recent orders', request, expected: expectedSingle }, ...several];
}
