import { fanoutAllOn, hitsAllOn } from './all-on.ts';
import { boot } from './boot.ts';
import { calls } from './calls.ts';
import { fanout } from './fanout.ts';
import { halfLoad } from './half-load.ts';
import { hotQuery } from './hot-query.ts';
import { nPlus1 } from './n-plus-1.ts';
import { privateAnswers } from './private-answers.ts';
import { privateHits } from './private-hits.ts';
import { publicHits } from './public-hits.ts';
import { purges } from './purges.ts';
import { unseen } from './unseen.ts';
import type { Suite } from './workload.ts';

export const SUITES: Readonly<Record<string, Suite>> = {
  fanout: {
    title: 'Dashboards for distinct users (`fanout`)',
    seconds: 3,
    workloads: [fanout, halfLoad],
  },
  'n+1': {
    title: 'Orders with their customers (`n+1`)',
    seconds: 3,
    workloads: [nPlus1],
  },
  unseen: {
    title: 'Unseen documents (`unseen`)',
    seconds: 3,
    workloads: [unseen],
  },
  cache: {
    title: 'Shared and stored answers (`cache`)',
    seconds: 3,
    workloads: [hotQuery, publicHits],
  },
  stored: {
    title: 'Many stored answers (`stored`)',
    seconds: 3,
    workloads: [privateHits, privateAnswers, purges],
  },
  boot: {
    title: 'Start time and memory (`boot`)',
    seconds: 3,
    workloads: [boot],
  },
  calls: {
    title: 'The price of an upstream call (`calls`)',
    seconds: 3,
    workloads: [calls],
  },
  'all-on': {
    title: 'All features on (`all-on`)',
    seconds: 3,
    workloads: [fanoutAllOn, hitsAllOn],
  },
};
