import type { Comparison, Mode } from '../workloads/workload.ts';
import { type Bench, type Measurement, measure, NO_DELAYS } from './measure.ts';
import type { Options } from './options.ts';
import {
  atFullLoad,
  FULL_LOAD_CONNECTIONS,
  groupModes,
  type PlannedRun,
  planRuns,
} from './planned-runs.ts';
import { summarise } from './stats.ts';
import type { VerifiedPeers } from './verified-peers.ts';

/** The measurements of one mode, by peer. */
export type Rounds = ReadonlyMap<string, readonly Measurement[]>;

export interface ModeResult {
  readonly name: string;
  readonly mode: Mode;
  readonly rounds: Rounds;
}

/** Sends every peer the requests of all modes at full load, so that V8 has compiled the hot code. */
export async function warmUp(bench: Bench, peers: VerifiedPeers, seconds: number) {
  const load = { connections: FULL_LOAD_CONNECTIONS, seconds, delays: NO_DELAYS };
  for (const { server, requests } of peers.values()) {
    for (const distinct of new Set(requests.values())) {
      await measure(bench, server, { ...load, requests: distinct });
    }
  }
}

/**
 * Measures the modes one after the other, paired modes together. Each round measures every peer once,
 * and every second round in reverse order, so that a slow phase of the machine affects all peers.
 */
export async function runModes(
  bench: Bench,
  peers: VerifiedPeers,
  comparison: Comparison,
  { modes, rounds, seconds }: Options,
): Promise<readonly ModeResult[]> {
  const results: ModeResult[] = [];
  let fullRates: ReadonlyMap<string, number> | undefined;

  for (const group of groupModes(modes, comparison)) {
    const runs = planRuns(group, peers, comparison, seconds);
    const isHalfRate = group.some((name) => comparison.modes[name]?.isHalfRate);
    if (isHalfRate) {
      fullRates ??= medianRates((await runRounds(bench, runs.map(atFullLoad), 1)).get(group[0]));
    }
    process.stderr.write(`${comparison.modes[group[0] as string]?.title}: `);
    const runsAtRate = runs.map((run): PlannedRun => {
      const rate = isHalfRate ? (fullRates?.get(run.peer) ?? 0) / 2 : undefined;
      return { ...run, load: { ...run.load, rate } };
    });
    const measured = await runRounds(bench, runsAtRate, rounds);
    process.stderr.write('\n');
    for (const name of group) {
      const modeRounds = measured.get(name) ?? new Map();
      results.push({ name, mode: comparison.modes[name] as Mode, rounds: modeRounds });
      if (name === 'full') fullRates = medianRates(modeRounds);
    }
  }
  return results;
}

/** @returns all rounds, by mode */
async function runRounds(
  bench: Bench,
  runs: readonly PlannedRun[],
  rounds: number,
): Promise<ReadonlyMap<string | undefined, Rounds>> {
  const measured = new Map<string, Map<string, Measurement[]>>();
  for (let round = 0; round < rounds; round++) {
    for (const { mode, peer, server, load } of round % 2 ? runs.toReversed() : runs) {
      const byPeer = measured.getOrInsertComputed(mode, () => new Map());
      byPeer.getOrInsertComputed(peer, () => []).push(await measure(bench, server, load));
    }
    process.stderr.write('.');
  }
  return measured;
}

const medianRates = (rounds: Rounds = new Map()): ReadonlyMap<string, number> =>
  new Map(
    [...rounds].map(([peer, measurements]) => [
      peer,
      summarise(measurements.map(({ rate }) => rate)).median,
    ]),
  );
