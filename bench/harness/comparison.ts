import { toPeerFigures, toTable } from '../report/tables.ts';
import type { AllFigures, Comparison, Workload, WorkloadResult } from '../workloads/workload.ts';
import { type Bench, measureUpstream } from './measure.ts';
import { compileOpenLoop } from './open-loop.ts';
import type { Options } from './options.ts';
import { type ModeResult, runModes, warmUp } from './run-modes.ts';
import { startVerifiedPeers } from './verified-peers.ts';
import { findWarnings } from './warnings.ts';

const MAX_UPSTREAM_SECONDS = 2;

/** Makes a workload that sends the same requests to several peers, in turns, and compares them. */
export const createComparison = (comparison: Comparison): Workload => ({
  peers: comparison.peers,
  modes: Object.keys(comparison.modes),
  run: (bench, options) => run(comparison, bench, options),
});

async function run(
  comparison: Comparison,
  bench: Bench,
  options: Options,
): Promise<WorkloadResult> {
  if (options.modes.some((mode) => comparison.modes[mode]?.rate)) compileOpenLoop();
  const { peers, excluded } = await startVerifiedPeers(bench, comparison, options);
  if (peers.size === 0) return { lines: [], figures: {}, notes: excluded };
  const { upstreamPaths } = comparison;
  const upstreamRate = upstreamPaths && (await measureUpstreamRate(bench, upstreamPaths, options));
  await warmUp(bench, peers, options.warmUpSeconds);
  const results = await runModes(bench, peers, comparison, options);
  await Promise.all([...peers.values()].map(({ server }) => server.stop()));

  const { baselines } = comparison;
  const tables = results.map((result) => {
    const paired = results.find(({ name }) => name === result.mode.pairedWith);
    return toTable(result, { baselines, paired });
  });
  const head = upstreamRate === undefined ? [] : [describeUpstream(upstreamRate), ''];
  return {
    lines: [...head, ...tables],
    figures: toFigures(results),
    notes: [...excluded, ...findWarnings(results)],
  };
}

const toFigures = (results: readonly ModeResult[]): AllFigures =>
  Object.fromEntries(
    results.map(({ name, mode, rounds }) => [
      name,
      Object.fromEntries(
        [...rounds].map(([peer, measurements]) => [peer, toPeerFigures(measurements, mode)]),
      ),
    ]),
  );

/** Measures the upstream's own maximum rate, in calls per second. */
async function measureUpstreamRate(bench: Bench, paths: readonly string[], options: Options) {
  const load = { connections: 64, seconds: Math.min(options.seconds, MAX_UPSTREAM_SECONDS) };
  await measureUpstream(bench, paths, load); // warm-up
  return measureUpstream(bench, paths, load);
}

const describeUpstream = (rate: number): string =>
  `The upstream alone: ${Math.round(rate).toLocaleString('en')} calls/s.`;
