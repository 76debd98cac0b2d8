import { toPeerFigures, toTable } from '../report/tables.ts';
import type { AllFigures, Comparison, Workload, WorkloadResult } from '../workloads/workload.ts';
import { type Bench, measureUpstream, NO_DELAYS } from './measure.ts';
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
  const { peers, excluded } = await startVerifiedPeers(bench, comparison, options);
  if (peers.size === 0) return { lines: [], figures: {}, notes: excluded };
  const upstream =
    comparison.upstreamPaths &&
    (await measureUpstreamLimits(bench, comparison, comparison.upstreamPaths, options));
  await warmUp(bench, peers, options.warmUpSeconds);
  const results = await runModes(bench, peers, comparison, options);
  await Promise.all([...peers.values()].map(({ server }) => server.stop()));

  const tables = results.map((result) => {
    const paired = results.find(({ name }) => name === result.mode.pairedWith);
    const { baselines } = comparison;
    return toTable(result, { baselines, upstreamP50Ms: upstream?.p50Ms, paired });
  });
  return {
    lines: upstream ? [describeUpstream(upstream), '', ...tables] : tables,
    figures: toFigures(results, upstream?.p50Ms),
    notes: [...excluded, ...findWarnings(results)],
  };
}

const toFigures = (results: readonly ModeResult[], upstreamP50Ms: number | undefined): AllFigures =>
  Object.fromEntries(
    results.map(({ name, mode, rounds }) => [
      name,
      Object.fromEntries(
        [...rounds].map(([peer, measurements]) => [
          peer,
          toPeerFigures(measurements, mode.hasDelays ? upstreamP50Ms : undefined),
        ]),
      ),
    ]),
  );

interface UpstreamLimits {
  readonly rate: number;
  /** Latency of the slowest service with its delay; undefined if no mode has delays. */
  readonly p50Ms?: number;
  readonly p99Ms?: number;
}

/** Measures the upstream's own maximum rate, and the latency of its slowest service when delayed. */
async function measureUpstreamLimits(
  bench: Bench,
  { delays }: Comparison,
  paths: readonly string[],
  options: Options,
): Promise<UpstreamLimits> {
  const seconds = Math.min(options.seconds, MAX_UPSTREAM_SECONDS);
  const fullLoad = { connections: 64, seconds, delays: NO_DELAYS };
  await measureUpstream(bench, paths, fullLoad); // warm-up
  const { rate } = await measureUpstream(bench, paths, fullLoad);
  if (!delays) return { rate };
  const { p50Ms, p99Ms } = await measureUpstream(bench, paths, { connections: 1, seconds, delays });
  return { rate, p50Ms, p99Ms };
}

function describeUpstream({ rate, p50Ms, p99Ms }: UpstreamLimits): string {
  const calls = `The upstream alone: ${Math.round(rate).toLocaleString('en')} calls/s`;
  if (p50Ms === undefined || p99Ms === undefined) return `${calls}.`;
  return `${calls}; with delays, its slowest service has p50 ${p50Ms.toFixed(2)} ms and p99 ${p99Ms.toFixed(2)} ms. "Added" latency is relative to that p50.`;
}
