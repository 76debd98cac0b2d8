import { createEntry } from './entry.ts';
import type { CachePolicy, CacheScope } from './policy.ts';
import type { CacheEntry } from './types.ts';

/** The response of an execution. */
export interface ExecutionResult {
  readonly status: number;
  /** JSON text. */
  readonly body: string;
}

/** Computes the response; `isAttended` is false for a refresh in the background. */
export type Execute<E extends ExecutionResult> = (
  recorder: ExecutionRecorder,
  isAttended: boolean,
) => Promise<E>;

/** The origin of an execution's errors: none, upstreams only, or others too. */
export type FailureSource = 'none' | 'upstream' | 'other';

/**
 * Collects the dependencies of one execution while it runs: datasources report the tags that they
 * read and how long the data stays fresh.
 */
export class ExecutionRecorder {
  readonly scope: CacheScope;
  /** The tag version when the execution began. */
  readonly version: number;
  /** In milliseconds since the epoch, with fractions. */
  readonly startedAt = performance.timeOrigin + performance.now();
  readonly #tags: Set<string>;
  readonly #maxAge: number;
  /** The earliest expiry of the upstream responses, in milliseconds since the epoch. */
  #freshUntil = Number.POSITIVE_INFINITY;
  #isUnshareable = false;
  #faults: FailureSource = 'none';

  constructor({ maxAge, scope, tags }: CachePolicy, version: number) {
    this.scope = scope;
    this.version = version;
    this.#maxAge = maxAge;
    this.#tags = new Set(tags);
  }

  /** Adds tags that the response depends on, also if the tagged objects are missing or empty. */
  readonly addTags = (tags: readonly string[]): void => {
    for (const tag of tags) {
      this.#tags.add(tag);
      const [type = ''] = tag.split(':', 1);
      this.#tags.add(type);
    }
  };

  /**
   * Applies the Cache-Control of an upstream response.
   * @param maxAge - in seconds
   * @param isPrivate - true if it is for one user only
   */
  readonly limitFreshness = (maxAge: number, isPrivate: boolean): void => {
    this.#freshUntil = Math.min(this.#freshUntil, Date.now() + maxAge * 1_000);
    if (isPrivate && this.scope !== 'user') this.markUnshareable();
  };

  get faults(): FailureSource {
    return this.#faults;
  }

  /** @param codes - of the errors in the response */
  recordErrors(codes: readonly string[]): void {
    const areUpstreamFaults = codes.every((code) => code.startsWith('UPSTREAM_'));
    this.#faults = areUpstreamFaults && this.#faults !== 'other' ? 'upstream' : 'other';
  }

  /** Restricts the response to this requester. */
  markUnshareable(): void {
    this.#isUnshareable = true;
  }

  /** @returns undefined if the response is for this requester alone */
  toEntry({ status, body }: ExecutionResult): CacheEntry | undefined {
    if (status !== 200 || this.#faults !== 'none' || this.#isUnshareable) return undefined;
    const { version, scope, startedAt } = this;
    const remainingSeconds = (this.#freshUntil - Date.now()) / 1_000;
    const maxAge = Math.max(0, Math.min(this.#maxAge, remainingSeconds));
    return createEntry(body, { maxAge, version, scope, startedAt, tags: [...this.#tags] });
  }
}
