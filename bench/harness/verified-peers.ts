import { PEERS, peerEnvironment } from '../peers/index.ts';
import type { Comparison, Mode } from '../workloads/workload.ts';
import type { LoadRequest } from './load.ts';
import type { Bench } from './measure.ts';
import type { Options } from './options.ts';
import { createPauseRecorder } from './pauses.ts';
import type { Server } from './server-process.ts';
import { startPeer } from './start-peer.ts';
import { verifyAnswers } from './verify-answers.ts';

/** A running peer that passed all probes and may be measured. */
export interface VerifiedPeer {
  readonly server: Server;
  /** Requests by mode, without the modes in which this peer can't be measured. */
  readonly requests: ReadonlyMap<string, readonly LoadRequest[]>;
}

export type VerifiedPeers = ReadonlyMap<string, VerifiedPeer>;

/**
 * Starts the peers and verifies their answers.
 * @returns the peers to measure, and one line for each peer or mode that is excluded
 */
export async function startVerifiedPeers(
  { cores, upstream }: Bench,
  comparison: Comparison,
  options: Options,
): Promise<{ peers: VerifiedPeers; excluded: readonly string[] }> {
  const probes = await comparison.probes();
  const env = { ...peerEnvironment(upstream.urls, comparison.schema), ...comparison.env };
  const peers = new Map<string, VerifiedPeer>();
  const excluded: string[] = [];

  for (const peer of options.peers) {
    try {
      const pauses =
        comparison.recordsGc && !PEERS[peer]?.isNative
          ? createPauseRecorder(peer, false)
          : undefined;
      const started = await startPeer(cores, peer, comparison.schema, { ...env, ...pauses?.env });
      const server = { ...started, ...(pauses && { pauses }) };
      const [fault] = await verifyAnswers(server, probes, PEERS[peer]);
      if (fault !== undefined) {
        excluded.push(`\`${peer}\` was not measured because of a wrong answer: ${fault}`);
        await server.stop();
        continue;
      }
      const modes = options.modes.filter((mode) => takesPart(peer, comparison.modes[mode]));
      const onExcluded = (mode: string, reason: string) =>
        excluded.push(`\`${peer}\` was not measured in \`${mode}\`: ${reason}`);
      const requests = await createRequests(server, comparison, modes, onExcluded);
      peers.set(peer, { server, requests });
    } catch (error) {
      excluded.push(`\`${peer}\` was not measured: ${(error as Error).message}`);
    }
  }
  return { peers, excluded };
}

const takesPart = (peer: string, mode: Mode | undefined): boolean =>
  mode?.peers?.includes(peer) ?? true;

async function createRequests(
  { origin }: Server,
  { modes }: Comparison,
  names: readonly string[],
  onExcluded: (mode: string, reason: string) => void,
): Promise<VerifiedPeer['requests']> {
  const requestsByMode = new Map<string, readonly LoadRequest[]>();
  // Modes with the same requests share one array, so that peers are warmed up for it once.
  const created = new Map<Mode['requests'], readonly LoadRequest[]>();
  for (const name of names) {
    const { requests: create } = modes[name] as Mode;
    try {
      const requests = created.get(create) ?? (await create(origin));
      created.set(create, requests);
      requestsByMode.set(name, requests);
    } catch (error) {
      onExcluded(name, (error as Error).message);
    }
  }
  return requestsByMode;
}
