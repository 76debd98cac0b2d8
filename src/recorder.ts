import type { MaybePromise } from './maybe-promise.ts';

/** Reports of the datasources to the response cache: the only way in which they affect it. */
export interface Recorder {
  /**
   * Adds tags that the response depends on, also if the tagged objects are missing or empty. Undefined
   * if the response is not stored. Arguments are then not evaluated, so validate ids outside of them.
   */
  readonly addTags?: (tags: readonly string[]) => void;
  /**
   * Applies the Cache-Control of an upstream response.
   * @param maxAge - in seconds
   * @param isPrivate - true if it is for one user only
   */
  readonly limitFreshness?: (maxAge: number, isPrivate: boolean) => void;
  /**
   * Purges tags after a write.
   * @param isCertain - false if the outcome of the write is unknown
   * @returns a function to call once the outcome is known after all; undefined if it is certain. A
   *   promise if other processes have to apply the purge too: no response may leave before it resolves
   */
  readonly changed: (
    tags: readonly string[],
    isCertain: boolean,
  ) => MaybePromise<(() => void) | undefined>;
}
