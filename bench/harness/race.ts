import { userIds } from '../upstream/data.ts';
import type { Delays } from '../upstream/routes.ts';
import type { Outcome, Race, Workload } from '../workloads/workload.ts';
import { type Bench, measureUpstream, NO_DELAYS } from './measure.ts';
import type { Options } from './options.ts';
import { toTable } from './report.ts';
import { runModes, warmUp } from './rounds.ts';
import { startPeers } from './start-peers.ts';
import { warningsOf } from './warnings.ts';

/** Peers that are asked the same, in turns, and compared. */
export const createRace = (race: Race): Workload => ({
  peers: race.peers,
  modes: Object.keys(race.modes),
  run: (bench, options) => run(race, bench, options),
});

async function run(race: Race, bench: Bench, options: Options): Promise<Outcome> {
  const { contenders, excluded } = await startPeers(bench, race, options);
  if (contenders.size === 0) return { lines: [], notes: excluded };
  const bare = race.delays && (await measureBare(bench, race.delays, options));
  await warmUp(bench, contenders, options.warmUpSeconds);
  const results = await runModes(bench, contenders, race, options);
  await Promise.all([...contenders.values()].map(({ server }) => server.stop()));

  const tables = results.map((result) => toTable(result, race.baselines, bare?.p50));
  return {
    lines: bare ? [describe(bare), '', ...tables] : tables,
    notes: [...excluded, ...warningsOf(results, bare?.rate ?? Number.POSITIVE_INFINITY)],
  };
}

interface Bare {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
}

/** The upstream's own limit, and how long its slowest answer takes when it is delayed. */
async function measureBare(bench: Bench, delays: Delays, options: Options): Promise<Bare> {
  const seconds = Math.min(options.seconds, 2);
  const full = { connections: 64, seconds, delays: NO_DELAYS };
  await measureUpstream(bench, userIds, full);
  const { rate } = await measureUpstream(bench, userIds, full);
  const { p50, p99 } = await measureUpstream(bench, userIds, { connections: 1, seconds, delays });
  return { rate, p50, p99 };
}

const describe = ({ rate, p50, p99 }: Bare): string =>
  `The upstream alone: ${Math.round(rate).toLocaleString('en')} calls/s; delayed, its slowest answers in p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms; "added" is what comes on top of that p50.`;
