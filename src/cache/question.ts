import type { CacheEntry } from './entry.ts';
import type { ExecutionRecorder, ExecutionResult } from './execution-recorder.ts';
import type { CachePolicy } from './policy.ts';

/** One operation with its variables, for those who may share its answer. */
export interface CacheLookup {
  /** All that may change the answer, as one text. */
  readonly key: string;
  readonly policy: CachePolicy;
}

/** Makes the answer; `isAttended` says whether the asker waits for it. */
export type Execute<E extends ExecutionResult> = (
  recording: ExecutionRecorder,
  isAttended: boolean,
) => Promise<E>;

/** How an answer came about, in the words of RFC 9211. */
export type CacheStatus = 'hit' | 'collapsed' | 'stored' | 'miss';

export interface CacheHit {
  readonly status: CacheStatus;
  readonly entry: CacheEntry;
}

/** What others may get as well, or what is good for the asker alone. */
export type CacheResult<E extends ExecutionResult> = CacheHit | { readonly executed: E };
