import type { Mode, Race } from '../workloads/workload.ts';
import { type Bench, type Load, type Measurement, measure, NO_DELAYS } from './measure.ts';
import type { Options } from './options.ts';
import type { Contender, Contenders } from './start-peers.ts';
import { summarise } from './stats.ts';

/** All rounds of one mode, by peer. */
export type Rounds = ReadonlyMap<string, readonly Measurement[]>;

export interface Result {
  readonly name: string;
  readonly mode: Mode;
  readonly rounds: Rounds;
}

type Turn = readonly [peer: string, server: Contender['server'], load: Load];

const FULL_CONNECTIONS = 64;

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
 * Every mode in turn. In each round every peer is measured once, and the next round turns the order
 * around: what slows the machine down for a while slows down all of them.
 */
export async function runModes(
  bench: Bench,
  contenders: Contenders,
  race: Race,
  { modes, rounds, seconds }: Options,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  let saturation: ReadonlyMap<string, number> | undefined;

  for (const name of modes) {
    const mode = race.modes[name] as Mode;
    const turns = [...contenders].flatMap(([peer, { server, requests }]): Turn[] => {
      const own = requests.get(name);
      const load = { connections: FULL_CONNECTIONS, seconds, delays: NO_DELAYS };
      return own ? [[peer, server, { ...load, requests: own }]] : [];
    });
    if (mode.half) saturation ??= ratesOf(await runRounds(bench, turns, 1));
    process.stderr.write(`${mode.title}: `);
    const loaded = turns.map(([peer, server, load]): Turn => {
      const rate = mode.half ? (saturation?.get(peer) ?? 0) / 2 : undefined;
      const delays = (mode.delayed && race.delays) || NO_DELAYS;
      return [peer, server, { ...load, connections: mode.connections, delays, rate }];
    });
    const measured = await runRounds(bench, loaded, rounds);
    process.stderr.write('\n');
    results.push({ name, mode, rounds: measured });
    if (name === 'full') saturation = ratesOf(measured);
  }
  return results;
}

async function runRounds(bench: Bench, turns: readonly Turn[], rounds: number): Promise<Rounds> {
  const measured = new Map<string, Measurement[]>(turns.map(([peer]) => [peer, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [peer, server, load] of round % 2 ? turns.toReversed() : turns) {
      measured.get(peer)?.push(await measure(bench, server, load));
    }
    process.stderr.write('.');
  }
  return measured;
}

const ratesOf = (rounds: Rounds): ReadonlyMap<string, number> =>
  new Map([...rounds].map(([peer, all]) => [peer, summarise(all.map(({ rate }) => rate)).median]));
