import { PLACEHOLDER } from '../harness/placeholder.ts';
import { createRace } from '../harness/race.ts';
import { userIds } from '../upstream/data.ts';
import { expectedDashboard } from './dashboard.ts';
import { dashboards, sampleDashboards } from './fanout.ts';
import { FANOUT_QUERY } from './fanout-query.ts';
import { asText } from './operation.ts';
import { createRefusals, headersOf } from './tokens.ts';
import type { Probe } from './workload.ts';

/** One request in so many is one that no server has seen. */
const ONE_IN = 10;

const askUnseen = asText(FANOUT_QUERY.replace(' name ', ` ${PLACEHOLDER}: name `));

/** The same dashboards; the load generator makes another text of each that has the placeholder. */
async function someUnseen() {
  const known = await dashboards();
  const unseen = userIds.map(async (id, turn) =>
    turn % ONE_IN === 0 ? askUnseen(await headersOf(id)) : known[turn],
  );
  return (await Promise.all(unseen)).filter((request) => request !== undefined);
}

/** What it costs to be sent documents that were never seen before, beside those that were. */
export const unseen = createRace({
  peers: ['frontdesk', 'apollo-got', 'mercurius'],
  baselines: ['apollo-got', 'mercurius'],
  schema: 'mobile',
  env: { CACHE_MEMORY_MB: '0' },
  modes: {
    known: {
      title: 'Known documents only: 64 connections',
      connections: 64,
      requests: dashboards,
    },
    unseen: {
      title: 'One document in ten never seen before: 64 connections',
      connections: 64,
      beside: 'known',
      requests: someUnseen,
    },
  },
  probes: async () => [
    ...(await sampleDashboards()),
    await unseenProbe(),
    ...(await createRefusals(askUnseen)),
  ],
});

async function unseenProbe(): Promise<Probe> {
  const userId = userIds[0] as string;
  const { dashboard } = expectedDashboard(userId).data;
  const { id, name } = dashboard.user;
  const expected = { data: { dashboard: { ...dashboard, user: { id, [PLACEHOLDER]: name } } } };
  const request = askUnseen(await headersOf(userId));
  return { what: 'a document that was never seen', request, expected };
}
