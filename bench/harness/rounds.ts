import type { Mode, Race } from '../workloads/workload.ts';
import { type Bench, type Measurement, measure, NO_DELAYS } from './measure.ts';
import type { Options } from './options.ts';
import type { Contenders } from './start-peers.ts';
import { summarise } from './stats.ts';
import { FULL_CONNECTIONS, groupsOf, type Turn, toFull, turnsOf } from './turns.ts';

/** All rounds of one mode, by peer. */
export type Rounds = ReadonlyMap<string, readonly Measurement[]>;

export interface Result {
  readonly name: string;
  readonly mode: Mode;
  readonly rounds: Rounds;
}

/** Lets every peer be compiled as far as it will be. */
export async function warmUp(bench: Bench, contenders: Contenders, seconds: number) {
  const load = { connections: FULL_CONNECTIONS, seconds, delays: NO_DELAYS };
  for (const { server, requests } of contenders.values()) {
    for (const each of new Set(requests.values())) {
      await measure(bench, server, { ...load, requests: each });
    }
  }
}

/**
 * Every mode in turn; those that are beside another one together with it. In each round every peer
 * is measured once, and the next round turns the order around: what slows the machine down for a
 * while slows down all of them.
 */
export async function runModes(
  bench: Bench,
  contenders: Contenders,
  race: Race,
  { modes, rounds, seconds }: Options,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  let saturation: ReadonlyMap<string, number> | undefined;

  for (const group of groupsOf(modes, race)) {
    const turns = turnsOf(group, contenders, race, seconds);
    const isHalf = group.some((name) => race.modes[name]?.half);
    if (isHalf)
      saturation ??= ratesOf((await runRounds(bench, turns.map(toFull), 1)).get(group[0]));
    process.stderr.write(`${race.modes[group[0] as string]?.title}: `);
    const loaded = turns.map((turn): Turn => {
      const rate = isHalf ? (saturation?.get(turn.peer) ?? 0) / 2 : undefined;
      return { ...turn, load: { ...turn.load, rate } };
    });
    const measured = await runRounds(bench, loaded, rounds);
    process.stderr.write('\n');
    for (const name of group) {
      const own = measured.get(name) ?? new Map();
      results.push({ name, mode: race.modes[name] as Mode, rounds: own });
      if (name === 'full') saturation = ratesOf(own);
    }
  }
  return results;
}

/** @returns all rounds, by mode */
async function runRounds(
  bench: Bench,
  turns: readonly Turn[],
  rounds: number,
): Promise<ReadonlyMap<string | undefined, Rounds>> {
  const measured = new Map<string, Map<string, Measurement[]>>();
  for (let round = 0; round < rounds; round++) {
    for (const { mode, peer, server, load } of round % 2 ? turns.toReversed() : turns) {
      const ofMode = measured.getOrInsertComputed(mode, () => new Map());
      ofMode.getOrInsertComputed(peer, () => []).push(await measure(bench, server, load));
    }
    process.stderr.write('.');
  }
  return measured;
}

const ratesOf = (rounds: Rounds = new Map()): ReadonlyMap<string, number> =>
  new Map([...rounds].map(([peer, all]) => [peer, summarise(all.map(({ rate }) => rate)).median]));
