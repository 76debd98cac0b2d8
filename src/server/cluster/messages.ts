import type { Purge } from '../../cache/index.ts';
import type { ServiceEvent } from '../../service-event.ts';
import type { ProcessMetrics } from '../../telemetry/metrics/index.ts';
import type { Increment } from '../../traffic/index.ts';
import type { StartFailure } from '../start-failure.ts';

/** The messages of a worker. `id` numbers those that are answered. */
export type WorkerMessage =
  /** It is about to listen, and applies all purges from now on. */
  | { readonly type: 'join' }
  | { readonly type: 'ready'; readonly address: string }
  | { readonly type: 'failed'; readonly failure: StartFailure }
  | { readonly type: 'publish'; readonly id: number; readonly purge: Purge }
  /** It has applied the purge with this number. */
  | { readonly type: 'applied'; readonly id: number }
  | { readonly type: 'count'; readonly id: number; readonly increments: readonly Increment[] }
  /** The reply to `collect`, or without a number, the last metrics before it ends. */
  | { readonly type: 'metrics'; readonly id?: number; readonly metrics: ProcessMetrics }
  /** The reply to `ping`. */
  | { readonly type: 'pong' };

/** The messages of the primary. */
export type PrimaryMessage =
  /** The answer to `join`: the port to listen on, and the purges that still have an effect. */
  | { readonly type: 'welcome'; readonly port: number; readonly purges: readonly Purge[] }
  | { readonly type: 'purge'; readonly id: number; readonly purge: Purge }
  /** All other workers have applied the purge that was published with this number. */
  | { readonly type: 'published'; readonly id: number }
  | {
      readonly type: 'counted';
      readonly id: number;
      readonly counts: readonly (readonly [used: number, remainingMs: number])[];
    }
  | { readonly type: 'event'; readonly event: ServiceEvent }
  | { readonly type: 'collect'; readonly id: number }
  | { readonly type: 'ping' }
  /** End, because another worker has taken the place of this one. */
  | { readonly type: 'retire' }
  /** End, because all workers do. */
  | { readonly type: 'drain' };
