import type { Profiler } from 'node:inspector';

export type CpuProfile = Profiler.Profile;
export type CallFrame = CpuProfile['nodes'][number]['callFrame'];

/** Time used by a process during one round, in microseconds. */
export interface Usage {
  readonly wallUs: number;
  /** CPU time of the main thread. */
  readonly mainThreadUs: number;
  /** CPU time of all threads. */
  readonly allThreadsUs: number;
  /** Idle time of the event loop. */
  readonly idleUs: number;
}

/** Profile and CPU time of a server under one workload. */
export interface Recording {
  readonly profile: CpuProfile;
  readonly usage: Usage;
  readonly requests: number;
  /** The same load without the profiler, which has a cost of its own. */
  readonly plain: { readonly usage: Usage; readonly requests: number };
  /** Caveats of the run. */
  readonly notes: readonly string[];
}
