import { createComparison } from '../harness/comparison.ts';
import { userIds } from '../upstream/data.ts';
import { headersFor } from './authorization.ts';
import { expectedDashboard } from './dashboard.ts';
import { FANOUT_QUERY } from './fanout-query.ts';
import { postQuery } from './graphql-requests.ts';
import { createRefusalProbes } from './refusal-probes.ts';
import type { Mode, Probe } from './workload.ts';

/** The peers of the modes with delays; the others would add only time. */
const DELAYED_PEERS = ['frontdesk', 'apollo-got', 'mercurius', 'fanout-undici'];
const SAMPLE_INDEXES = [0, 1, 499, 998, 999];
const createRequest = postQuery(FANOUT_QUERY);

/** One request for each user. */
export const dashboardRequests = () =>
  Promise.all(userIds.map(async (id) => createRequest(await headersFor(id))));

const MODES: Readonly<Record<string, Mode>> = {
  idle: { title: 'Idle: 1 connection', connections: 1, requests: dashboardRequests },
  'idle-delayed': {
    title: 'Idle: 1 connection, delayed upstreams',
    connections: 1,
    hasDelays: true,
    peers: DELAYED_PEERS,
    requests: dashboardRequests,
  },
  full: { title: 'Full load: 64 connections', connections: 64, requests: dashboardRequests },
  'full-delayed': {
    title: 'Full load: 64 connections, delayed upstreams',
    connections: 64,
    hasDelays: true,
    peers: DELAYED_PEERS,
    requests: dashboardRequests,
  },
  half: {
    title: "Half load: half of the peer's rate at full load, delayed upstreams",
    connections: 64,
    hasDelays: true,
    peers: DELAYED_PEERS,
    isHalfRate: true,
    requests: dashboardRequests,
  },
};

/** Dashboards of distinct users: three upstream calls each, nothing cached. */
export const fanout = createComparison({
  peers: ['frontdesk', 'apollo-got', 'yoga', 'mercurius', 'tailcall', 'fanout-undici'],
  baselines: ['apollo-got', 'mercurius', 'tailcall'],
  schema: 'mobile',
  env: { CACHE_MEMORY_MB: '0' },
  delays: { user: 5, order: 10, notification: 20 },
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
