import { createComparison } from '../harness/comparison.ts';
import { dashboardProbes, dashboardRequests } from './fanout.ts';
import { createHitByHash, hitProbes } from './public-hits.ts';

const PEERS = ['frontdesk', 'frontdesk-all-on', 'frontdesk-all-on-redis'];
const FURTHER = ['everything', 'logs', 'limits', 'traces', 'cors', 'addresses'];
const COMPARED = 'with all features on, compared with the defaults';

/** The cost of dashboards with all features on. */
export const fanoutAllOn = createComparison({
  peers: PEERS,
  baselines: ['frontdesk'],
  schema: 'mobile',
  env: { CACHE_MEMORY_MB: '0' },
  modes: {
    'full-all-on': {
      title: `Dashboards, 64 connections, ${COMPARED}`,
      connections: 64,
      requests: dashboardRequests,
    },
  },
  probes: dashboardProbes,
});

/** The cost of a cache hit with all features on. */
export const hitsAllOn = createComparison({
  peers: [...PEERS, ...FURTHER.map((name) => `frontdesk-${name}`)],
  baselines: ['frontdesk'],
  schema: 'mobile',
  env: {},
  modes: {
    'get-all-on': {
      title: `Public hits: GET by hash, 64 connections, ${COMPARED}`,
      connections: 64,
      requests: createHitByHash,
    },
  },
  probes: hitProbes,
});
