import type { Comparison, Mode } from '../workloads/workload.ts';
import { type Bench, type Measurement, measure, NO_DELAYS } from './measure.ts';
import type { Options } from './options.ts';
import { groupModes, type PlannedRun, planRuns } from './planned-runs.ts';
import type { VerifiedPeers } from './verified-peers.ts';

const WARM_UP_CONNECTIONS = 64;

/** The measurements of one mode, by peer. */
export type Rounds = ReadonlyMap<string, readonly Measurement[]>;

export interface ModeResult {
  readonly name: string;
  readonly mode: Mode;
  readonly rounds: Rounds;
}

/** Sends every peer the requests of all modes at full load, so that V8 has compiled the hot code. */
export async function warmUp(bench: Bench, peers: VerifiedPeers, seconds: number) {
  const load = { connections: WARM_UP_CONNECTIONS, seconds, delays: NO_DELAYS };
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

  for (const group of groupModes(modes, comparison)) {
    const runs = planRuns(group, peers, comparison, seconds);
    process.stderr.write(`${comparison.modes[group[0] as string]?.title}: `);
    const measured = await runRounds(bench, runs, rounds);
    process.stderr.write('\n');
    for (const name of group) {
      const mode = comparison.modes[name] as Mode;
      results.push({ name, mode, rounds: measured.get(name) ?? new Map() });
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
