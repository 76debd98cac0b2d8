import type { Workload } from '../workloads/fanout.ts';
import { type Bench, type Load, type Measurement, measure } from './measure.ts';
import { MODES, type Mode, NO_DELAYS } from './modes.ts';
import type { Options } from './options.ts';
import type { Server } from './processes.ts';
import { summarise } from './stats.ts';

/** All rounds of one mode, by peer. */
export type Rounds = ReadonlyMap<string, readonly Measurement[]>;

const FULL_CONNECTIONS = 64;

/** Lets every peer be compiled as far as it will be. */
export async function warmUp(bench: Bench, servers: ReadonlyMap<string, Server>, seconds: number) {
  for (const server of servers.values()) {
    await measure(bench, server, { connections: FULL_CONNECTIONS, seconds, delays: NO_DELAYS });
  }
}

/**
 * Every mode in turn. In each round every peer is measured once, and the next round turns the order
 * around: what slows the machine down for a while slows down all of them.
 */
export async function runModes(
  bench: Bench,
  servers: ReadonlyMap<string, Server>,
  workload: Workload,
  { modes, rounds, seconds }: Options,
): Promise<ReadonlyMap<string, Rounds>> {
  const results = new Map<string, Rounds>();
  const full: Load = { connections: FULL_CONNECTIONS, seconds, delays: NO_DELAYS };
  let saturation: ReadonlyMap<string, number> | undefined;

  for (const name of modes) {
    const mode = MODES[name] as Mode;
    if (mode.half) saturation ??= ratesOf(await runRounds(bench, servers, 1, () => full));
    const loadOf = (peer: string): Load => ({
      connections: mode.connections,
      seconds,
      delays: mode.delayed ? workload.delays : NO_DELAYS,
      rate: mode.half ? (saturation?.get(peer) ?? 0) / 2 : undefined,
    });
    process.stderr.write(`${mode.title}: `);
    const measured = await runRounds(bench, servers, rounds, loadOf);
    process.stderr.write('\n');
    results.set(name, measured);
    if (name === 'full') saturation = ratesOf(measured);
  }
  return results;
}

async function runRounds(
  bench: Bench,
  servers: ReadonlyMap<string, Server>,
  rounds: number,
  loadOf: (peer: string) => Load,
): Promise<Rounds> {
  const measured = new Map<string, Measurement[]>([...servers.keys()].map((peer) => [peer, []]));
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 ? [...servers].reverse() : [...servers];
    for (const [peer, server] of order) {
      measured.get(peer)?.push(await measure(bench, server, loadOf(peer)));
    }
    process.stderr.write('.');
  }
  return measured;
}

const ratesOf = (rounds: Rounds): ReadonlyMap<string, number> =>
  new Map([...rounds].map(([peer, all]) => [peer, summarise(all.map(({ rate }) => rate)).median]));
