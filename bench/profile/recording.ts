import type { Profiler } from 'node:inspector';

export type CpuProfile = Profiler.Profile;
export type CallFrame = CpuProfile['nodes'][number]['callFrame'];

/** What a process used in a while, in microseconds. */
export interface Usage {
  readonly wallUs: number;
  /** CPU time of the main thread, and of all threads. */
  readonly mainUs: number;
  readonly allUs: number;
  /** How long the event loop waited for something to do. */
  readonly waitedUs: number;
}

/** A server under the load of one workload. */
export interface Recording {
  readonly profile: CpuProfile;
  readonly usage: Usage;
  readonly requests: number;
  /** The same load without the profiler, which costs something itself. */
  readonly plain: { readonly usage: Usage; readonly requests: number };
  /** What else must be known of the run. */
  readonly notes: readonly string[];
}
