import { createRace } from '../harness/race.ts';
import { userIds } from '../upstream/data.ts';
import { expectedDashboard } from './dashboard.ts';
import { FANOUT_QUERY } from './fanout-query.ts';
import { byHash } from './operation.ts';
import { createRefusals, headersOf } from './tokens.ts';
import type { Probe } from './workload.ts';

const USERS = userIds.slice(0, 100);
const SAMPLES = USERS.slice(0, 5);
const hashed = byHash(FANOUT_QUERY);

/** Each user's own stored dashboard. */
export const ownHits = createRace({
  peers: ['frontdesk', 'apollo-cache'],
  baselines: ['apollo-cache'],
  schema: 'mobile',
  env: {},
  modes: {
    private: {
      title: 'Hits, of 100 users each: GET by hash with a token, 64 connections',
      connections: 64,
      requests: () =>
        Promise.all(USERS.map(async (id) => hashed.get(undefined, await headersOf(id)))),
    },
  },
  probes: async () => [
    ...(await sampleProbes('')),
    // All of them once more, when every user's answer is stored.
    ...(await sampleProbes(', again')),
    ...(await createRefusals((headers) => hashed.get(undefined, headers))),
  ],
});

async function sampleProbes(when: string): Promise<Probe[]> {
  const probes = SAMPLES.map(async (userId) => {
    const headers = await headersOf(userId);
    const expected = expectedDashboard(userId);
    return [
      { what: `user ${userId}, text and hash${when}`, request: hashed.teach(headers), expected },
      { what: `user ${userId}, hash${when}`, request: hashed.get(undefined, headers), expected },
    ];
  });
  return (await Promise.all(probes)).flat();
}
