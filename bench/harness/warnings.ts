import type { Mode } from '../workloads/workload.ts';
import type { Measurement } from './measure.ts';
import type { ModeResult } from './run-modes.ts';
import { summarise } from './stats.ts';

const MAX_LOAD_BUSY = 0.85;
const MAX_UPSTREAM_BUSY = 0.5;
const MIN_SERVER_BUSY = 0.9;
/** As a share of the requests. */
const MAX_LATE_SENDS = 0.01;

type Check = (mode: Mode, measurements: readonly Measurement[]) => boolean;

const median = (
  measurements: readonly Measurement[],
  read: (measurement: Measurement) => number,
): number => summarise(measurements.map(read)).median;

const isFullLoad = ({ connections, delays, rate }: Mode): boolean =>
  connections > 1 && !delays && !rate;

const CHECKS: Readonly<Record<string, Check>> = {
  'Wrong or missing answers': (_mode, all) => all.some(({ errors }) => errors > 0),
  'The upstream was more than 50 % busy': (_mode, all) =>
    median(all, ({ upstreamBusy }) => upstreamBusy) > MAX_UPSTREAM_BUSY,
  "The load generator's core was more than 85 % busy": (_mode, all) =>
    median(all, ({ loadBusy }) => loadBusy) > MAX_LOAD_BUSY,
  'The load generator sent more than 1 % of the requests late': (_mode, all) =>
    median(all, ({ lateSends, sent }) => lateSends / sent) > MAX_LATE_SENDS,
  'The server was less than 90 % busy at full load': (mode, all) =>
    isFullLoad(mode) && median(all, ({ serverBusy }) => serverBusy) < MIN_SERVER_BUSY,
};

/** Names the figures to distrust: requests failed, or the server was not the bottleneck. */
export function findWarnings(results: readonly ModeResult[]): readonly string[] {
  const rows = results.flatMap(({ name, mode, rounds }) =>
    [...rounds].map(([peer, measurements]) => ({ name, mode, peer, measurements })),
  );
  return Object.entries(CHECKS).flatMap(([warning, check]) => {
    const affected = rows.filter(({ mode, measurements }) => check(mode, measurements));
    if (affected.length === 0) return [];
    const places = affected.map(({ name, peer }) => `\`${peer}\` in \`${name}\``);
    return [`${warning}: ${places.join(', ')}`];
  });
}
