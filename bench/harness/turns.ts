import type { Mode, Race } from '../workloads/workload.ts';
import { type Load, NO_DELAYS } from './measure.ts';
import type { Contender, Contenders } from './start-peers.ts';

export const FULL_CONNECTIONS = 64;

/** One peer that is to be measured in one mode. */
export interface Turn {
  readonly mode: string;
  readonly peer: string;
  readonly server: Contender['server'];
  readonly load: Load;
}

/** Modes that are measured together. */
export function groupsOf(modes: readonly string[], race: Race): readonly string[][] {
  const firstOf = (name: string) => {
    const beside = race.modes[name]?.beside;
    return beside && modes.includes(beside) ? beside : name;
  };
  const groups = Map.groupBy(modes, firstOf);
  return [...groups.values()];
}

export function turnsOf(
  names: readonly string[],
  contenders: Contenders,
  race: Race,
  seconds: number,
): readonly Turn[] {
  return [...contenders].flatMap(([peer, { server, requests }]) =>
    names.flatMap((name): Turn[] => {
      const { connections, delayed } = race.modes[name] as Mode;
      const own = requests.get(name);
      const delays = (delayed && race.delays) || NO_DELAYS;
      const load = own && { connections, seconds, delays, requests: own };
      return load ? [{ mode: name, peer, server, load }] : [];
    }),
  );
}

/** The same at full load. */
export const toFull = (turn: Turn): Turn => ({
  ...turn,
  load: { ...turn.load, connections: FULL_CONNECTIONS, delays: NO_DELAYS },
});
