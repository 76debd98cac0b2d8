import { createRace } from '../harness/race.ts';
import { userIds } from '../upstream/data.ts';
import { expectedDashboard } from './dashboard.ts';
import { FANOUT_QUERY } from './fanout-query.ts';
import { asText } from './operation.ts';
import { createRefusals, headersOf } from './tokens.ts';
import type { Mode, Probe } from './workload.ts';

/** Those who are worth the time that slow upstreams take. */
const FASTEST = ['frontdesk', 'apollo-got', 'mercurius', 'fanout-undici'];
const SAMPLES = [0, 1, 499, 998, 999];
const ask = asText(FANOUT_QUERY);

/** One request of each user. */
export const dashboards = () => Promise.all(userIds.map(async (id) => ask(await headersOf(id))));

const MODES: Readonly<Record<string, Mode>> = {
  idle: { title: 'Idle: 1 connection', connections: 1, requests: dashboards },
  'idle-delayed': {
    title: 'Idle: 1 connection, upstreams that take their time',
    connections: 1,
    delayed: true,
    peers: FASTEST,
    requests: dashboards,
  },
  full: { title: 'Full load: 64 connections', connections: 64, requests: dashboards },
  'full-delayed': {
    title: 'Full load: 64 connections, upstreams that take their time',
    connections: 64,
    delayed: true,
    peers: FASTEST,
    requests: dashboards,
  },
  half: {
    title: 'Half load: half the rate that the peer reached with 64 connections, delayed upstreams',
    connections: 64,
    delayed: true,
    peers: FASTEST,
    half: true,
    requests: dashboards,
  },
};

/** The dashboard of another user with every request; three upstream calls, nothing cached. */
export const fanout = createRace({
  peers: ['frontdesk', 'apollo-got', 'yoga', 'mercurius', 'tailcall', 'fanout-undici'],
  baselines: ['apollo-got', 'mercurius', 'tailcall'],
  schema: 'mobile',
  env: { CACHE_MEMORY_MB: '0' },
  delays: { user: 5, order: 10, notification: 20 },
  bare: userIds.map((id) => `/notifications?user=${id}&limit=10`),
  modes: MODES,
  probes: async () => [...(await sampleDashboards()), ...(await createRefusals(ask))],
});

export const sampleDashboards = (): Promise<Probe[]> =>
  Promise.all(
    SAMPLES.map(async (index) => {
      const userId = userIds[index] as string;
      const request = ask(await headersOf(userId));
      return { what: `user ${userId}`, request, expected: expectedDashboard(userId) };
    }),
  );
