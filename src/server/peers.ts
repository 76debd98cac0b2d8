import type { PurgeChannel } from '../cache/index.ts';
import type { EventPeers } from '../events/index.ts';
import type { SharedCounter } from '../traffic/index.ts';

/** What connects a worker to those that serve the same BFF beside it. */
export interface Peers {
  readonly workerId: number;
  readonly purges: PurgeChannel;
  readonly counter: SharedCounter;
  readonly events: EventPeers;
}
