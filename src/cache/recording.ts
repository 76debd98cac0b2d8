import { createEntry, type Entry } from './entry.ts';
import type { CachePolicy, Scope } from './policy.ts';

/** What became of an execution. */
export interface Executed {
  readonly status: number;
  /** The JSON text of the answer. */
  readonly body: string;
}

/** What went wrong in an execution: nothing, only upstreams, or more. */
export type Faults = 'none' | 'upstream' | 'other';

/**
 * What one execution depends on, collected while it runs: datasources say what they touch and how
 * long it may be kept.
 */
export class Recording {
  readonly scope: Scope;
  /** The highest purge number when the execution began. */
  readonly number: number;
  /** In milliseconds since the epoch, with fractions. */
  readonly startedAt = performance.timeOrigin + performance.now();
  readonly #tags: Set<string>;
  readonly #maxAge: number;
  /** When the first upstream's answer will have expired, in milliseconds since the epoch. */
  #goodUntil = Number.POSITIVE_INFINITY;
  #isSpoilt = false;
  #faults: Faults = 'none';

  constructor({ maxAge, scope, tags }: CachePolicy, number: number) {
    this.scope = scope;
    this.number = number;
    this.#maxAge = maxAge;
    this.#tags = new Set(tags);
  }

  /** The answer depends on what has these tags, also if it is missing or empty. */
  readonly touched = (tags: readonly string[]): void => {
    for (const tag of tags) {
      this.#tags.add(tag);
      const [type = ''] = tag.split(':', 1);
      this.#tags.add(type);
    }
  };

  /**
   * An upstream said how long its answer may be kept.
   * @param maxAge - in seconds
   * @param isPrivate - whether it is for one user only
   */
  readonly narrowed = (maxAge: number, isPrivate: boolean): void => {
    this.#goodUntil = Math.min(this.#goodUntil, Date.now() + maxAge * 1_000);
    if (isPrivate && this.scope !== 'user') this.spoil();
  };

  get faults(): Faults {
    return this.#faults;
  }

  /** @param codes - of the errors in the answer */
  failed(codes: readonly string[]): void {
    const areUpstreams = codes.every((code) => code.startsWith('UPSTREAM_'));
    this.#faults = areUpstreams && this.#faults !== 'other' ? 'upstream' : 'other';
  }

  /** The answer is good for who asked, and for nobody else. */
  spoil(): void {
    this.#isSpoilt = true;
  }

  /** @returns undefined if nobody else may get this answer */
  toEntry({ status, body }: Executed): Entry | undefined {
    if (status !== 200 || this.#faults !== 'none' || this.#isSpoilt) return undefined;
    const { number, scope, startedAt } = this;
    const leftS = (this.#goodUntil - Date.now()) / 1_000;
    const maxAge = Math.max(0, Math.min(this.#maxAge, leftS));
    return createEntry(body, { maxAge, number, scope, startedAt, tags: [...this.#tags] });
  }
}
