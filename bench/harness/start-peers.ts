import { environmentOf, PEERS } from '../peers/index.ts';
import type { Mode, Race } from '../workloads/workload.ts';
import { findFaults } from './compare.ts';
import type { LoadRequest } from './load.ts';
import type { Bench } from './measure.ts';
import type { Options } from './options.ts';
import { startPeer } from './peer.ts';
import type { Server } from './processes.ts';

/** A peer that answers rightly. */
export interface Contender {
  readonly server: Server;
  /** What it is asked in each mode; a mode in which it can't be asked is missing. */
  readonly requests: ReadonlyMap<string, readonly LoadRequest[]>;
}

export type Contenders = ReadonlyMap<string, Contender>;

/**
 * Starts the peers, and compares their answers.
 * @returns who may be timed, and a line for each that may not
 */
export async function startPeers(
  { cores, upstream }: Bench,
  race: Race,
  options: Options,
): Promise<{ contenders: Contenders; excluded: readonly string[] }> {
  const probes = await race.probes();
  const env = { ...environmentOf(upstream.urls, race.schema), ...race.env };
  const contenders = new Map<string, Contender>();
  const excluded: string[] = [];

  for (const peer of options.peers) {
    try {
      const server = await startPeer(cores, peer, race.schema, env);
      const [fault] = await findFaults(server, probes, PEERS[peer]);
      if (fault === undefined) {
        const told = (mode: string, why: string) =>
          excluded.push(`\`${peer}\` was not timed in \`${mode}\`: ${why}`);
        const modes = options.modes.filter((mode) => takesPart(peer, race.modes[mode]));
        const requests = await prepare(server, race, modes, told);
        contenders.set(peer, { server, requests });
      } else {
        excluded.push(`\`${peer}\` was not timed, because it answered wrongly: ${fault}`);
        await server.stop();
      }
    } catch (error) {
      excluded.push(`\`${peer}\` was not timed: ${(error as Error).message}`);
    }
  }
  return { contenders, excluded };
}

const takesPart = (peer: string, mode: Mode | undefined): boolean =>
  mode?.peers?.includes(peer) ?? true;

async function prepare(
  { origin }: Server,
  { modes }: Race,
  names: readonly string[],
  told: (mode: string, why: string) => void,
): Promise<Contender['requests']> {
  const requests = new Map<string, readonly LoadRequest[]>();
  // Modes that ask the same share it, so that peers are warmed up for it once.
  const made = new Map<Mode['requests'], readonly LoadRequest[]>();
  for (const name of names) {
    const { requests: make } = modes[name] as Mode;
    try {
      const own = made.get(make) ?? (await make(origin));
      made.set(make, own);
      requests.set(name, own);
    } catch (error) {
      told(name, (error as Error).message);
    }
  }
  return requests;
}
