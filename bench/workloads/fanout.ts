import { createComparison } from '../harness/comparison.ts';
import { userIds } from '../upstream/data.ts';
import { headersFor } from './authorization.ts';
import { expectedDashboard } from './dashboard.ts';
import { FANOUT_QUERY } from './fanout-query.ts';
import { postQuery } from './graphql-requests.ts';
import { createRefusalProbes } from './refusal-probes.ts';
import type { Mode, Probe } from './workload.ts';

export const DELAYS = { user: 5, order: 10, notification: 20 };
/** So many that a request has to wait for one only if the server stalls for long. */
export const RATE_CONNECTIONS = 256;
/** Peers whose rate at full load is well above 1,000 requests per second. */
const FAST_PEERS = ['frontdesk', 'mercurius', 'fanout-undici'];
const SAMPLE_INDEXES = [0, 1, 499, 998, 999];
const createRequest = postQuery(FANOUT_QUERY);

/** One request for each user. */
export const dashboardRequests = () =>
  Promise.all(
    userIds.map(async (id) => ({
      ...createRequest(await headersFor(id)),
      expectedText: expectedDashboard(id).data.dashboard.user.name,
    })),
  );

const rateMode = (rate: number, peers: readonly string[]): Mode => ({
  title: `${rate.toLocaleString('en')} requests/s, delayed upstreams`,
  connections: RATE_CONNECTIONS,
  rate,
  delays: DELAYS,
  peers,
  requests: dashboardRequests,
});

const MODES: Readonly<Record<string, Mode>> = {
  idle: { title: 'Idle: 1 connection', connections: 1, requests: dashboardRequests },
  full: { title: 'Full load: 64 connections', connections: 64, requests: dashboardRequests },
  'rate-100': rateMode(100, [...FAST_PEERS, 'apollo-got']),
  'rate-300': rateMode(300, [...FAST_PEERS, 'apollo-got']),
  'rate-600': rateMode(600, FAST_PEERS),
  'rate-1000': rateMode(1_000, FAST_PEERS),
};

/** Dashboards of distinct users: three upstream calls each, nothing cached. */
export const fanout = createComparison({
  peers: ['frontdesk', 'apollo-got', 'yoga', 'mercurius', 'tailcall', 'fanout-undici'],
  baselines: ['apollo-got', 'mercurius', 'tailcall'],
  schema: 'mobile',
  env: { CACHE_MEMORY_MB: '0' },
  recordsGc: true,
  upstreamPaths: userIds.map((id) => `/notifications?user=${id}&limit=10`),
  modes: MODES,
  probes: async () => [...(await dashboardProbes()), ...(await createRefusalProbes(createRequest))],
});

export const dashboardProbes = (): Promise<Probe[]> =>
  Promise.all(
    SAMPLE_INDEXES.map(async (index) => {
      const userId = userIds[index] as string;
      const request = createRequest(await headersFor(userId));
      return { name: `user ${userId}`, request, expected: expectedDashboard(userId) };
    }),
  );
