import { figuresOf, toTable } from '../report/tables.ts';
import type { AllFigures, Outcome, Race, Workload } from '../workloads/workload.ts';
import { type Bench, measureUpstream, NO_DELAYS } from './measure.ts';
import type { Options } from './options.ts';
import { type Result, runModes, warmUp } from './rounds.ts';
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
  if (contenders.size === 0) return { lines: [], figures: {}, notes: excluded };
  const bare = race.bare && (await measureBare(bench, race, race.bare, options));
  await warmUp(bench, contenders, options.warmUpSeconds);
  const results = await runModes(bench, contenders, race, options);
  await Promise.all([...contenders.values()].map(({ server }) => server.stop()));

  const tables = results.map((result) => {
    const beside = results.find(({ name }) => name === result.mode.beside);
    return toTable(result, { baselines: race.baselines, bareMs: bare?.p50, beside });
  });
  return {
    lines: bare ? [describe(bare), '', ...tables] : tables,
    figures: toFigures(results, bare?.p50),
    notes: [...excluded, ...warningsOf(results)],
  };
}

const toFigures = (results: readonly Result[], bareMs: number | undefined): AllFigures =>
  Object.fromEntries(
    results.map(({ name, mode, rounds }) => [
      name,
      Object.fromEntries(
        [...rounds].map(([peer, all]) => [peer, figuresOf(all, mode.delayed ? bareMs : undefined)]),
      ),
    ]),
  );

interface Bare {
  readonly rate: number;
  readonly p50?: number;
  readonly p99?: number;
}

/** The upstream's own limit, and how long its slowest answer takes when it is delayed. */
async function measureBare(
  bench: Bench,
  { delays }: Race,
  targets: readonly string[],
  options: Options,
): Promise<Bare> {
  const seconds = Math.min(options.seconds, 2);
  const full = { connections: 64, seconds, delays: NO_DELAYS };
  await measureUpstream(bench, targets, full);
  const { rate } = await measureUpstream(bench, targets, full);
  if (!delays) return { rate };
  const { p50, p99 } = await measureUpstream(bench, targets, { connections: 1, seconds, delays });
  return { rate, p50, p99 };
}

function describe({ rate, p50, p99 }: Bare): string {
  const calls = `The upstream alone: ${Math.round(rate).toLocaleString('en')} calls/s`;
  if (p50 === undefined || p99 === undefined) return `${calls}.`;
  return `${calls}; delayed, its slowest answers in p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms; "added" is what comes on top of that p50.`;
}
