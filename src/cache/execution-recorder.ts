import { type CacheEntry, createEntry } from './entry.ts';
import type { CachePolicy, CacheScope } from './policy.ts';

/** What became of an execution. */
export interface ExecutionResult {
  readonly status: number;
  /** The JSON text of the answer. */
  readonly body: string;
}

/** What went wrong in an execution: nothing, only upstreams, or more. */
export type FailureSource = 'none' | 'upstream' | 'other';

/**
 * What one execution depends on, collected while it runs: datasources say what they touch and how
 * long it may be kept.
 */
export class ExecutionRecorder {
  readonly scope: CacheScope;
  /** The highest purge number when the execution began. */
  readonly version: number;
  /** In milliseconds since the epoch, with fractions. */
  readonly startedAt = performance.timeOrigin + performance.now();
  readonly #tags: Set<string>;
  readonly #maxAge: number;
  /** When the first upstream's answer will have expired, in milliseconds since the epoch. */
  #freshUntil = Number.POSITIVE_INFINITY;
  #isUnshareable = false;
  #faults: FailureSource = 'none';

  constructor({ maxAge, scope, tags }: CachePolicy, version: number) {
    this.scope = scope;
    this.version = version;
    this.#maxAge = maxAge;
    this.#tags = new Set(tags);
  }

  /** The answer depends on what has these tags, also if it is missing or empty. */
  readonly addTags = (tags: readonly string[]): void => {
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
  readonly limitFreshness = (maxAge: number, isPrivate: boolean): void => {
    this.#freshUntil = Math.min(this.#freshUntil, Date.now() + maxAge * 1_000);
    if (isPrivate && this.scope !== 'user') this.markUnshareable();
  };

  get faults(): FailureSource {
    return this.#faults;
  }

  /** @param codes - of the errors in the answer */
  recordErrors(codes: readonly string[]): void {
    const areUpstreams = codes.every((code) => code.startsWith('UPSTREAM_'));
    this.#faults = areUpstreams && this.#faults !== 'other' ? 'upstream' : 'other';
  }

  /** The answer is good for who asked, and for nobody else. */
  markUnshareable(): void {
    this.#isUnshareable = true;
  }

  /** @returns undefined if nobody else may get this answer */
  toEntry({ status, body }: ExecutionResult): CacheEntry | undefined {
    if (status !== 200 || this.#faults !== 'none' || this.#isUnshareable) return undefined;
    const { version, scope, startedAt } = this;
    const leftS = (this.#freshUntil - Date.now()) / 1_000;
    const maxAge = Math.max(0, Math.min(this.#maxAge, leftS));
    return createEntry(body, { maxAge, version, scope, startedAt, tags: [...this.#tags] });
  }
}
