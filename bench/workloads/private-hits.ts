import { createComparison } from '../harness/comparison.ts';
import { userIds } from '../upstream/data.ts';
import { headersFor } from './authorization.ts';
import { expectedDashboard } from './dashboard.ts';
import { FANOUT_QUERY } from './fanout-query.ts';
import { persistedQuery } from './graphql-requests.ts';
import { createRefusalProbes } from './refusal-probes.ts';
import type { Probe } from './workload.ts';

const USERS = userIds.slice(0, 100);
const SAMPLES = USERS.slice(0, 5);
const operation = persistedQuery(FANOUT_QUERY);

/** Dashboards stored for each of 100 users. */
export const privateHits = createComparison({
  peers: ['frontdesk', 'apollo-cache'],
  baselines: ['apollo-cache'],
  schema: 'mobile',
  env: {},
  modes: {
    private: {
      title: 'Private hits of 100 users: GET by hash with a token, 64 connections',
      connections: 64,
      requests: () =>
        Promise.all(USERS.map(async (id) => operation.get(undefined, await headersFor(id)))),
    },
  },
  probes: async () => [
    ...(await sampleProbes('')),
    // Again, now that every user's answer is stored.
    ...(await sampleProbes(', again')),
    ...(await createRefusalProbes((headers) => operation.get(undefined, headers))),
  ],
});

async function sampleProbes(suffix: string): Promise<Probe[]> {
  const probes = SAMPLES.map(async (userId) => {
    const headers = await headersFor(userId);
    const expected = expectedDashboard(userId);
    return [
      {
        name: `user ${userId}, text and hash${suffix}`,
        request: operation.register(headers),
        expected,
      },
      {
        name: `user ${userId}, hash${suffix}`,
        request: operation.get(undefined, headers),
        expected,
      },
    ];
  });
  return (await Promise.all(probes)).flat();
}
