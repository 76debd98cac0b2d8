import type { Datasources } from './datasources/index.ts';

/** What a rule looks at to decide, from the least to the most. */
export type Reads = 'nothing' | 'permissions' | 'viewer';

/** Someone with a valid token. */
export interface SignedInViewer {
  /** Who issued the token; ids are unique only with it. */
  readonly issuer: string;
  readonly role: 'customer' | 'staff';
  /** The user's id, which is the token's subject. */
  readonly id: string;
}

/** Who is asking. */
export type Viewer = { readonly role: 'anonymous' } | SignedInViewer;

/** What datasources tell the edge cache: what was changed always, the rest of what may be kept. */
export interface Recorder {
  /**
   * The answer depends on what has these tags, also if it is missing or empty. Undefined where
   * nothing is kept, and then its arguments are not evaluated: check ids before, not in them.
   */
  readonly touched?: (tags: readonly string[]) => void;
  /** An upstream lets its answer be kept for `maxAge` seconds, and if it is private, for one user. */
  readonly narrowed?: (maxAge: number, isPrivate: boolean) => void;
  /** What has these tags was changed; or may have been or may yet be, if that is not certain. */
  readonly changed: (tags: readonly string[], isCertain: boolean) => void;
}

/** What one request carries to its rules and resolvers. */
export interface RequestContext {
  readonly requestId: string;
  readonly viewer: Viewer;
  readonly datasources: Datasources;
  /** Is told the codes of the errors in the answer. */
  readonly failed: (codes: readonly string[]) => void;
}
