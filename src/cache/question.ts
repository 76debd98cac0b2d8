import type { Entry } from './entry.ts';
import type { CachePolicy } from './policy.ts';
import type { Executed, Recording } from './recording.ts';

/** One operation with its variables, for those who may share its answer. */
export interface Question {
  /** All that may change the answer, as one text. */
  readonly key: string;
  readonly policy: CachePolicy;
}

/** Makes the answer; `isAttended` says whether the asker waits for it. */
export type Execute<E extends Executed> = (recording: Recording, isAttended: boolean) => Promise<E>;

/** How an answer came about, in the words of RFC 9211. */
export type Outcome = 'hit' | 'collapsed' | 'stored' | 'miss';

export interface Kept {
  readonly outcome: Outcome;
  readonly entry: Entry;
}

/** What others may get as well, or what is good for the asker alone. */
export type Answer<E extends Executed> = Kept | { readonly executed: E };
