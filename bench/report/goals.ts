import type { AllFigures } from '../workloads/workload.ts';

/** A figure of a workload, and the targets that Frontdesk should meet. */
export interface Goal {
  readonly title: string;
  /** Unit of the figure. */
  readonly unit: string;
  readonly suite: string;
  /** The mode whose peers are shown. */
  readonly mode: string;
  /** Undefined if the figure was not measured. */
  readonly valueOf: (modes: AllFigures, peer: string) => number | undefined;
  readonly digits: number;
  readonly lowerIsBetter?: boolean;
  readonly targets: readonly Target[];
  readonly isCharted?: boolean;
}

/** A limit for Frontdesk's figure: a minimum, or a maximum if lower is better. */
export type Target =
  /** In the goal's unit. */
  | { readonly limit: number }
  /** A multiple of a peer's figure. */
  | { readonly of: string; readonly limit: number }
  /** A peer's figure and a margin, in the goal's unit. */
  | { readonly of: string; readonly margin: number };

const figure =
  (mode: string, name: string) =>
  (modes: AllFigures, peer: string): number | undefined =>
    modes[mode]?.[peer]?.[name];

const rateGoal = (title: string, suite: string, mode: string, ...targets: Target[]): Goal => ({
  title,
  unit: 'requests/s',
  suite,
  mode,
  valueOf: figure(mode, 'rate'),
  digits: 0,
  targets,
  isCharted: true,
});

const maxGoal = (
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
  lowerIsBetter: true,
  targets: [{ limit }],
});

/** A figure of the built BFF, which is what production runs. */
const startGoal = (
  limit: number,
  title: Parameters<typeof maxGoal>[1],
  name: 'readyMs' | 'rssMb',
): Goal => ({
  ...maxGoal(limit, title, ['boot', 'boot', name]),
  valueOf: ({ boot }, peer) => boot?.[peer === 'frontdesk' ? 'frontdesk-built' : peer]?.[name],
});

const RATES = [100, 300, 600, 1_000];
const PER_REQUEST = 'per request';

/** A figure of `fanout` that must not exceed Mercurius' by more than the target allows. */
const dashboardGoal = (
  [title, unit, digits]: readonly [title: string, unit: string, digits: number],
  [mode, name]: readonly [mode: string, figure: string],
  target: { readonly limit: number } | { readonly margin: number },
): Goal => ({
  title: `W1: ${title}`,
  unit,
  suite: 'fanout',
  mode,
  valueOf: figure(mode, name),
  digits,
  lowerIsBetter: true,
  targets: [{ of: 'mercurius', ...target }],
});

const latencyGoals = RATES.flatMap((rate) => {
  const mode = `rate-${rate}`;
  const load = `${rate.toLocaleString('en')} requests/s`;
  const goal = (name: string, key: string, target: Parameters<typeof dashboardGoal>[2]) =>
    dashboardGoal([`${load}, ${name} over 20 ms`, 'ms', 2], [mode, key], target);
  return [
    { ...goal('p50', 'p50AddedMs', { margin: 0.5 }), isCharted: rate === 300 },
    goal('p99', 'p99AddedMs', { margin: 0 }),
  ];
});

export const GOALS: readonly Goal[] = [
  rateGoal(
    'W1: dashboards for distinct users, 64 connections',
    'fanout',
    'full',
    { of: 'apollo-got', limit: 7 },
    { of: 'mercurius', limit: 1.6 },
    { of: 'fanout-undici', limit: 1.2 },
    { of: 'tailcall', limit: 2 },
  ),
  {
    ...maxGoal(0.3, ['W1: upstream calls', PER_REQUEST, 2], ['fanout', 'full', 'calls']),
    isCharted: true,
  },
  maxGoal(3, ['W1: upstream calls, idle', PER_REQUEST, 2], ['fanout', 'idle', 'calls']),
  ...latencyGoals,
  dashboardGoal(['CPU, 1 connection', 'µs/request', 0], ['idle', 'cpuMicros'], { limit: 1.3 }),
  dashboardGoal(['CPU, 100 requests/s', 'µs/request', 0], ['rate-100', 'cpuMicros'], {
    limit: 1.3,
  }),
  dashboardGoal(['mean scavenge, 1,000 requests/s', 'ms', 2], ['rate-1000', 'scavengeMeanMs'], {
    limit: 1,
  }),
  maxGoal(200, ['W1: allocated, 1 connection', 'kB/request', 0], ['fanout', 'idle', 'allocatedKb']),
  rateGoal(
    'W2: 50 orders, each with its customer',
    'n+1',
    'orders',
    { of: 'apollo-got', limit: 6 },
    { of: 'mercurius', limit: 1.8 },
    { of: 'tailcall', limit: 4 },
  ),
  maxGoal(2, ['W2: upstream calls, idle', PER_REQUEST, 2], ['n+1', 'orders-idle', 'calls']),
  rateGoal('W3: one hot public query, nothing stored', 'cache', 'hot', {
    of: 'fastify-constant',
    limit: 0.8,
  }),
  maxGoal(1, ['W3: max open upstream calls', 'calls', 0], ['cache', 'hot', 'atOnce']),
  rateGoal(
    'W4: stored, GET by hash',
    'cache',
    'get',
    { of: 'fastify-constant', limit: 0.75 },
    { of: 'apollo-cache', limit: 3.5 },
  ),
  rateGoal(
    'W4: stored, POST of the text',
    'cache',
    'post',
    { of: 'fastify-constant', limit: 0.6 },
    { of: 'apollo-cache', limit: 2.5 },
  ),
  rateGoal('W4: stored, answered with 304', 'cache', 'get-304', {
    of: 'fastify-constant',
    limit: 0.7,
  }),
  maxGoal(0, ['W5: stale reads after a change', 'reads', 0], ['stored', 'purge', 'staleReads']),
  maxGoal(5, ['W5: p99 of a purge', 'ms', 2], ['stored', 'purge', 'purgeP99Ms']),
  maxGoal(0, ['W5, with Redis: stale reads', 'reads', 0], ['stored', 'purge-redis', 'staleReads']),
  maxGoal(20, ['W5, with Redis: p99 of a purge', 'ms', 2], ['stored', 'purge-redis', 'purgeP99Ms']),
  maxGoal(
    100,
    ['W5, with Redis: p99 until another replica shows a change', 'ms', 2],
    ['stored', 'purge-redis', 'shownP99Ms'],
  ),
  maxGoal(
    4.5,
    ['Memory of a private answer of 2.6 kB, 100,000 of them', 'KiB', 2],
    ['stored', 'private-many', 'kibPerAnswer'],
  ),
  maxGoal(
    30,
    ['Longest GC pause while they are stored and read', 'ms', 1],
    ['stored', 'private-many', 'longestGcMs'],
  ),
  {
    title: 'One document in ten never seen',
    unit: '% of known',
    suite: 'unseen',
    mode: 'unseen',
    valueOf: (modes, peer) => {
      const [known, unseen] = ['known', 'unseen'].map((mode) => modes[mode]?.[peer]?.rate);
      return known && unseen && (unseen / known) * 100;
    },
    digits: 0,
    targets: [{ limit: 75 }],
    isCharted: true,
  },
  startGoal(600, ['Start of one built BFF until ready', 'ms', 0], 'readyMs'),
  startGoal(130, ['Memory of one built BFF, idle', 'MB', 0], 'rssMb'),
];
