import { fanout } from '../workloads/fanout.ts';
import { hits } from '../workloads/hits.ts';
import { hot } from '../workloads/hot.ts';
import { unseen } from '../workloads/unseen.ts';
import type { Workload } from '../workloads/workload.ts';

export interface Profiled {
  readonly title: string;
  readonly workload: Workload;
  readonly mode: string;
}

/** What can be profiled: modes of the bench, by the names of their files here. */
export const PROFILED: Readonly<Record<string, Profiled>> = {
  W1: {
    title: 'W1: dashboards for distinct users (`fanout`, `full`)',
    workload: fanout,
    mode: 'full',
  },
  'W4-get': { title: 'W4-get: hits by hash (`cache`, `get`)', workload: hits, mode: 'get' },
  'W4-post': { title: 'W4-post: hits by text (`cache`, `post`)', workload: hits, mode: 'post' },
  'W4-304': {
    title: 'W4-304: hits with the current ETag (`cache`, `get-304`)',
    workload: hits,
    mode: 'get-304',
  },
  unseen: {
    title: 'One document in ten never seen (`unseen`)',
    workload: unseen,
    mode: 'unseen',
  },
  W3: { title: 'W3: one hot query (`cache`, `hot`)', workload: hot, mode: 'hot' },
};
