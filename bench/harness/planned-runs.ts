import type { Comparison, Mode } from '../workloads/workload.ts';
import { type Load, NO_DELAYS } from './measure.ts';
import type { VerifiedPeer, VerifiedPeers } from './verified-peers.ts';

export const FULL_LOAD_CONNECTIONS = 64;

/** One peer to measure in one mode, once per round. */
export interface PlannedRun {
  readonly mode: string;
  readonly peer: string;
  readonly server: VerifiedPeer['server'];
  readonly load: Load;
}

/** Groups the modes that are measured in the same rounds: those paired with another, and the rest singly. */
export function groupModes(modes: readonly string[], comparison: Comparison): readonly string[][] {
  const groupOf = (name: string) => {
    const pairedWith = comparison.modes[name]?.pairedWith;
    return pairedWith && modes.includes(pairedWith) ? pairedWith : name;
  };
  return [...Map.groupBy(modes, groupOf).values()];
}

export function planRuns(
  modes: readonly string[],
  peers: VerifiedPeers,
  comparison: Comparison,
  seconds: number,
): readonly PlannedRun[] {
  return [...peers].flatMap(([peer, { server, requests: requestsByMode }]) =>
    modes.flatMap((mode): PlannedRun[] => {
      const requests = requestsByMode.get(mode);
      if (!requests) return [];
      const { connections, hasDelays } = comparison.modes[mode] as Mode;
      const delays = (hasDelays && comparison.delays) || NO_DELAYS;
      return [{ mode, peer, server, load: { connections, seconds, delays, requests } }];
    }),
  );
}

/** The same run at full load without upstream delays, to find the peer's maximum rate. */
export const atFullLoad = (run: PlannedRun): PlannedRun => ({
  ...run,
  load: { ...run.load, connections: FULL_LOAD_CONNECTIONS, delays: NO_DELAYS },
});
