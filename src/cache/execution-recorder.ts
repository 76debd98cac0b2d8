import { createEntry } from './entry.ts';
import type { ExecutionResult, Representation } from './execution-result.ts';
import type { CachePolicy, CacheScope } from './policy.ts';
import type { CacheEntry, Stamp } from './types.ts';

/** Executes an operation; `isBackground` is true for a refresh that no request waits for. */
export type Execute = (
  recorder: ExecutionRecorder,
  isBackground: boolean,
) => Promise<ExecutionResult>;

/**
 * Collects the dependencies of one execution while it runs: datasources report the tags that they
 * read and how long the data stays fresh.
 */
export class ExecutionRecorder {
  readonly scope: CacheScope;
  /** The tag version when the execution began. */
  readonly version: number;
  /** The version among all replicas when the execution began, if it was known. */
  readonly stamp: Stamp | undefined;
  /** In milliseconds since the epoch, with fractions. */
  readonly startedAt = performance.timeOrigin + performance.now();
  readonly #tags: Set<string>;
  readonly #maxAge: number;
  /** The earliest expiry of the upstream responses, in milliseconds since the epoch. */
  #freshUntil = Number.POSITIVE_INFINITY;
  #isUnshareable = false;

  constructor({ maxAge, scope, tags }: CachePolicy, version: number, stamp?: Stamp) {
    this.scope = scope;
    this.version = version;
    this.stamp = stamp;
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

  /** Restricts the response to this requester. */
  markUnshareable(): void {
    this.#isUnshareable = true;
  }

  /** @returns undefined if the response has errors, or is for this requester alone */
  toEntry(result: ExecutionResult, { serialise }: Representation): CacheEntry | undefined {
    const { status, errorCodes } = result;
    if (status !== 200 || errorCodes.length > 0 || this.#isUnshareable) return undefined;
    const { version, stamp, scope, startedAt } = this;
    const remainingSeconds = (this.#freshUntil - Date.now()) / 1_000;
    const maxAge = Math.max(0, Math.min(this.#maxAge, remainingSeconds));
    return createEntry(serialise(result), {
      maxAge,
      version,
      stamp,
      scope,
      startedAt,
      tags: [...this.#tags],
    });
  }
}
