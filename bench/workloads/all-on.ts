import { createRace } from '../harness/race.ts';
import { dashboards, sampleDashboards } from './fanout.ts';
import { getHit, hitProbes } from './hits.ts';

const PEERS = ['frontdesk', 'frontdesk-all-on', 'frontdesk-all-on-redis'];
const ON = 'logs, limiter and all else on';

/** What the dashboards cost with everything on. */
export const fanoutAllOn = createRace({
  peers: PEERS,
  baselines: ['frontdesk'],
  schema: 'mobile',
  env: { CACHE_MEMORY_MB: '0' },
  modes: {
    'full-all-on': {
      title: `Dashboards, 64 connections, beside ${ON}`,
      connections: 64,
      requests: dashboards,
    },
  },
  probes: sampleDashboards,
});

/** What a hit costs with everything on. */
export const hitsAllOn = createRace({
  peers: PEERS,
  baselines: ['frontdesk'],
  schema: 'mobile',
  env: {},
  modes: {
    'get-all-on': {
      title: `Hits, public: GET by hash, 64 connections, beside ${ON}`,
      connections: 64,
      requests: getHit,
    },
  },
  probes: hitProbes,
});
