/** What datasources tell the edge cache: what was changed always, the rest of what may be kept. */
export interface Recorder {
  /**
   * The answer depends on what has these tags, also if it is missing or empty. Undefined where
   * nothing is kept, and then its arguments are not evaluated: check ids before, not in them.
   */
  readonly addTags?: (tags: readonly string[]) => void;
  /** An upstream lets its answer be kept for `maxAge` seconds, and if it is private, for one user. */
  readonly limitFreshness?: (maxAge: number, isPrivate: boolean) => void;
  /**
   * What has these tags was changed; or may have been or may yet be, if that is not certain.
   * @returns what to call when the outcome is certain after all; undefined if it was
   */
  readonly changed: (tags: readonly string[], isCertain: boolean) => (() => void) | undefined;
}
