import { createRace } from '../harness/race.ts';
import { userIds } from '../upstream/data.ts';
import { authorizationOf, createRefusals, expectedDashboard } from './dashboard.ts';
import { FANOUT_QUERY } from './fanout-query.ts';
import { asText } from './operation.ts';
import type { Mode, Probe } from './workload.ts';

const SAMPLES = [0, 1, 499, 998, 999];
const ask = asText(FANOUT_QUERY);

/** One request of each user. */
const requests = () =>
  Promise.all(userIds.map(async (id) => ask({ authorization: await authorizationOf(id) })));

const MODES: Readonly<Record<string, Mode>> = {
  idle: { title: 'Idle: 1 connection', connections: 1, requests },
  'idle-delayed': {
    title: 'Idle: 1 connection, upstreams that take their time',
    connections: 1,
    delayed: true,
    requests,
  },
  full: { title: 'Full load: 64 connections', connections: 64, requests },
  'full-delayed': {
    title: 'Full load: 64 connections, upstreams that take their time',
    connections: 64,
    delayed: true,
    requests,
  },
  half: {
    title: 'Half load: half the rate that the peer reached with 64 connections, delayed upstreams',
    connections: 64,
    delayed: true,
    half: true,
    requests,
  },
};

/** The dashboard of another user with every request; three upstream calls, nothing cached. */
export const fanout = createRace({
  peers: ['frontdesk', 'apollo-got', 'fanout-undici'],
  baselines: ['apollo-got'],
  env: { CACHE_MEMORY_MB: '0' },
  delays: { user: 5, order: 10, notification: 20 },
  modes: MODES,
  probes: async () => [...(await sampleProbes()), ...(await createRefusals(ask))],
});

const sampleProbes = (): Promise<Probe[]> =>
  Promise.all(
    SAMPLES.map(async (index) => {
      const userId = userIds[index] as string;
      const request = ask({ authorization: await authorizationOf(userId) });
      return { what: `user ${userId}`, request, expected: expectedDashboard(userId) };
    }),
  );
