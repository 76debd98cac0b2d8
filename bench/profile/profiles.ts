import { fanout } from '../workloads/fanout.ts';
import { hotQuery } from '../workloads/hot-query.ts';
import { publicHits } from '../workloads/public-hits.ts';
import { unseen } from '../workloads/unseen.ts';
import type { Workload } from '../workloads/workload.ts';

/** A mode of a workload to profile. */
export interface Profile {
  readonly title: string;
  readonly workload: Workload;
  readonly mode: string;
}

/** All profiles, by the base name of their flame graph in this folder. */
export const PROFILES: Readonly<Record<string, Profile>> = {
  W1: {
    title: 'W1: dashboards for distinct users (`fanout`, `full`)',
    workload: fanout,
    mode: 'full',
  },
  'W4-get': { title: 'W4-get: hits by hash (`cache`, `get`)', workload: publicHits, mode: 'get' },
  'W4-post': {
    title: 'W4-post: hits by text (`cache`, `post`)',
    workload: publicHits,
    mode: 'post',
  },
  'W4-304': {
    title: 'W4-304: hits with the current ETag (`cache`, `get-304`)',
    workload: publicHits,
    mode: 'get-304',
  },
  unseen: {
    title: 'One document in ten never seen (`unseen`)',
    workload: unseen,
    mode: 'unseen',
  },
  W3: { title: 'W3: one hot query (`cache`, `hot`)', workload: hotQuery, mode: 'hot' },
};
