import { fanout } from './fanout.ts';
import { hits } from './hits.ts';
import { hot } from './hot.ts';
import { ownHits } from './own-hits.ts';
import { purges } from './purges.ts';
import type { Suite } from './workload.ts';

export const SUITES: Readonly<Record<string, Suite>> = {
  fanout: {
    title: 'Dashboards for distinct users (`fanout`)',
    seconds: 4,
    workloads: [fanout],
  },
  cache: {
    title: 'Shared and stored answers (`cache`)',
    seconds: 3,
    workloads: [hot, hits, ownHits, purges],
  },
};
