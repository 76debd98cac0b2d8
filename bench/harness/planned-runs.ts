import type { Comparison, Mode } from '../workloads/workload.ts';
import { type Load, NO_DELAYS } from './measure.ts';
import type { VerifiedPeer, VerifiedPeers } from './verified-peers.ts';

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
      const { connections, rate, delays = NO_DELAYS } = comparison.modes[mode] as Mode;
      return [{ mode, peer, server, load: { connections, rate, seconds, delays, requests } }];
    }),
  );
}
