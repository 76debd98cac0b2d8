import type { AllFigures } from '../workloads/workload.ts';

/** What is compared of a workload, and what Frontdesk shall reach. */
export interface Goal {
  readonly title: string;
  /** Of the chart's panel. */
  readonly unit: string;
  readonly suite: string;
  /** Whose peers are shown. */
  readonly mode: string;
  /** Undefined where it was not measured. */
  readonly valueOf: (modes: AllFigures, peer: string) => number | undefined;
  readonly digits: number;
  /** Whether less is better. */
  readonly lessIsBetter?: boolean;
  readonly targets: readonly Target[];
  readonly isCharted?: boolean;
}

/** A limit that Frontdesk must not be worse than. */
export interface Target {
  /** As a factor of what this peer does; else in the goal's unit. */
  readonly of?: string;
  readonly limit: number;
}

const figure =
  (mode: string, name: string) =>
  (modes: AllFigures, peer: string): number | undefined =>
    modes[mode]?.[peer]?.[name];

const rate = (title: string, suite: string, mode: string, ...targets: Target[]): Goal => ({
  title,
  unit: 'requests/s',
  suite,
  mode,
  valueOf: figure(mode, 'rate'),
  digits: 0,
  targets,
  isCharted: true,
});

const atMost = (
  limit: number,
  [title, unit, digits]: readonly [title: string, unit: string, digits: number],
  [suite, mode, name]: readonly [suite: string, mode: string, figure: string],
): Goal => ({
  title,
  unit,
  suite,
  mode,
  valueOf: figure(mode, name),
  digits,
  lessIsBetter: true,
  targets: [{ limit }],
});

const CALLS = 'per request';

export const GOALS: readonly Goal[] = [
  rate(
    'W1: dashboards for distinct users, 64 connections',
    'fanout',
    'full',
    { of: 'apollo-got', limit: 6.5 },
    { of: 'mercurius', limit: 1 },
    { of: 'tailcall', limit: 1.3 },
  ),
  {
    ...atMost(0.3, ['W1: upstream calls', CALLS, 2], ['fanout', 'full', 'calls']),
    isCharted: true,
  },
  atMost(3, ['W1: upstream calls, idle', CALLS, 2], ['fanout', 'idle', 'calls']),
  atMost(1, ['W1: half load, p50 on top', 'ms', 2], ['fanout', 'half', 'p50AddedMs']),
  atMost(5, ['W1: half load, p99 on top', 'ms', 2], ['fanout', 'half', 'p99AddedMs']),
  rate(
    'W2: 50 orders, each with its customer',
    'n+1',
    'orders',
    { of: 'apollo-got', limit: 4 },
    { of: 'tailcall', limit: 1.2 },
  ),
  atMost(2, ['W2: upstream calls, idle', CALLS, 2], ['n+1', 'orders-idle', 'calls']),
  rate('W3: one hot public query, nothing stored', 'cache', 'hot', { of: 'apollo-got', limit: 20 }),
  atMost(1, ['W3: upstream calls at once', 'calls', 0], ['cache', 'hot', 'atOnce']),
  rate(
    'W4: stored, GET by hash',
    'cache',
    'get',
    { of: 'fastify-constant', limit: 0.7 },
    { of: 'apollo-cache', limit: 3 },
  ),
  rate(
    'W4: stored, POST of the text',
    'cache',
    'post',
    { of: 'fastify-constant', limit: 0.4 },
    { of: 'apollo-cache', limit: 2 },
  ),
  rate('W4: stored, answered with 304', 'cache', 'get-304'),
  atMost(0, ['W5: stale reads after a change', 'reads', 0], ['cache', 'purge', 'staleReads']),
  atMost(5, ['W5: p99 of a purge', 'ms', 2], ['cache', 'purge', 'purgeP99Ms']),
  {
    title: 'One document in ten never seen',
    unit: '% of all known',
    suite: 'unseen',
    mode: 'unseen',
    valueOf: (modes, peer) => {
      const [all, some] = ['known', 'unseen'].map((mode) => modes[mode]?.[peer]?.rate);
      return all && some && (some / all) * 100;
    },
    digits: 0,
    targets: [{ limit: 60 }],
    isCharted: true,
  },
  atMost(1_000, ['Start of one BFF, until ready', 'ms', 0], ['boot', 'boot', 'readyMs']),
  atMost(120, ['Memory of one BFF, idle', 'MB', 0], ['boot', 'boot', 'rssMb']),
];
