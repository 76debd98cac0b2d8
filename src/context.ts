import type { Datasources } from './datasources/index.ts';

/** What a rule looks at to decide, from the least to the most. */
export type Reads = 'nothing' | 'permissions' | 'viewer';

/** A user with a valid token. */
export interface SignedInViewer {
  /** Who issued the token; ids are unique only with it. */
  readonly issuer: string;
  readonly role: 'customer' | 'staff';
  /** The user's id, which is the token's subject. */
  readonly id: string;
  /**
   * What the user let another party's client do (RFC 6749 §3.3); undefined for our own clients,
   * which may do all that the user may.
   */
  readonly scopes?: readonly string[] | undefined;
}

/** Another party's server with a valid API key: no user, and only what its scopes name. */
export interface PartnerViewer {
  readonly role: 'partner';
  /** The partner's name, the same for all of its keys. */
  readonly partner: string;
  readonly scopes: readonly string[];
}

/** Who is asking. */
export type Viewer = { readonly role: 'anonymous' } | SignedInViewer | PartnerViewer;

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

/** What one request carries to its rules and resolvers. */
export interface RequestContext {
  readonly requestId: string;
  readonly viewer: Viewer;
  readonly datasources: Datasources;
  /** Is told the codes of the errors in the answer. */
  readonly failed: (codes: readonly string[]) => void;
}
