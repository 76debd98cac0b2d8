import { createComparison } from '../harness/comparison.ts';
import { PLACEHOLDER } from '../harness/placeholder.ts';
import { userIds } from '../upstream/data.ts';
import { headersFor } from './authorization.ts';
import { expectedDashboard } from './dashboard.ts';
import { dashboardProbes, dashboardRequests } from './fanout.ts';
import { FANOUT_QUERY } from './fanout-query.ts';
import { postQuery } from './graphql-requests.ts';
import { createRefusalProbes } from './refusal-probes.ts';
import type { Probe } from './workload.ts';

/** One request in this many carries a new document. */
const UNSEEN_INTERVAL = 10;

const createUnseenRequest = postQuery(FANOUT_QUERY.replace(' name ', ` ${PLACEHOLDER}: name `));

/** Dashboard requests, some with the placeholder that the load generator replaces with a new alias. */
async function partlyUnseenRequests() {
  const known = await dashboardRequests();
  const unseen = userIds.map(async (id, turn) =>
    turn % UNSEEN_INTERVAL === 0 ? createUnseenRequest(await headersFor(id)) : known[turn],
  );
  return (await Promise.all(unseen)).filter((request) => request !== undefined);
}

/** The cost of documents that the server has never seen, compared with known ones. */
export const unseen = createComparison({
  peers: ['frontdesk', 'apollo-got', 'mercurius'],
  baselines: ['apollo-got', 'mercurius'],
  schema: 'mobile',
  env: { CACHE_MEMORY_MB: '0' },
  modes: {
    known: {
      title: 'Known documents only: 64 connections',
      connections: 64,
      requests: dashboardRequests,
    },
    unseen: {
      title: 'One document in ten never seen before: 64 connections',
      connections: 64,
      pairedWith: 'known',
      requests: partlyUnseenRequests,
    },
  },
  probes: async () => [
    ...(await dashboardProbes()),
    await unseenProbe(),
    ...(await createRefusalProbes(createUnseenRequest)),
  ],
});

async function unseenProbe(): Promise<Probe> {
  const userId = userIds[0] as string;
  const { dashboard } = expectedDashboard(userId).data;
  const { id, name } = dashboard.user;
  const expected = { data: { dashboard: { ...dashboard, user: { id, [PLACEHOLDER]: name } } } };
  const request = createUnseenRequest(await headersFor(userId));
  return { name: 'an unseen document', request, expected };
}
