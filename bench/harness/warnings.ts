import type { Mode } from '../workloads/workload.ts';
import type { Measurement } from './measure.ts';
import type { Result } from './rounds.ts';
import { summarise } from './stats.ts';

const LOAD_CORE_LIMIT = 0.85;
const UPSTREAM_LIMIT = 0.5;
const BUSY_SERVER = 0.9;

type Check = (mode: Mode, all: readonly Measurement[]) => boolean;

const median = (all: readonly Measurement[], read: (one: Measurement) => number): number =>
  summarise(all.map(read)).median;

const isFullLoad = ({ connections, delayed, half }: Mode): boolean =>
  connections > 1 && !delayed && !half;

/**
 * Says which figures don't count, because requests failed or something else than the server was the
 * limit.
 */
export function warningsOf(results: readonly Result[]): readonly string[] {
  const checks: Readonly<Record<string, Check>> = {
    'Answers were wrong or missing': (_mode, all) => all.some(({ errors }) => errors > 0),
    'The upstream was busy for more than half of the time': (_mode, all) =>
      median(all, ({ upstreamBusy }) => upstreamBusy) > UPSTREAM_LIMIT,
    "The load generator's core was more than 85 % busy": (_mode, all) =>
      median(all, ({ loadBusy }) => loadBusy) > LOAD_CORE_LIMIT,
    'The server was less than 90 % busy at full load': (mode, all) =>
      isFullLoad(mode) && median(all, ({ serverBusy }) => serverBusy) < BUSY_SERVER,
  };
  const measured = results.flatMap(({ name, mode, rounds }) =>
    [...rounds].map(([peer, all]) => ({ name, mode, peer, all })),
  );
  return Object.entries(checks).flatMap(([what, check]) => {
    const where = measured.filter(({ mode, all }) => check(mode, all));
    if (where.length === 0) return [];
    return [`${what}: ${where.map(({ name, peer }) => `\`${peer}\` in \`${name}\``).join(', ')}`];
  });
}
