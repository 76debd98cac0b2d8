/** The data that a rule reads to decide, in increasing order. */
export type Reads = 'nothing' | 'permissions' | 'viewer';

/** A user with a valid token. */
export interface SignedInViewer {
  /** The issuer of the token; ids are unique per issuer. */
  readonly issuer: string;
  readonly role: 'customer' | 'staff';
  /** The user's id, which is the token's subject. */
  readonly id: string;
  /**
   * The scopes that the user granted to a third-party client (RFC 6749 §3.3); undefined for
   * first-party clients, which may do everything that the user may.
   */
  readonly scopes?: readonly string[] | undefined;
}

/** A third party's server with a valid API key: no user, and no permissions besides its scopes. */
export interface PartnerViewer {
  readonly role: 'partner';
  /** The partner's name, the same for all of its keys. */
  readonly partner: string;
  readonly scopes: readonly string[];
  /** The rate limit of this key alone; undefined if it shares that of its partner. */
  readonly keyLimit?: { readonly keyId: string; readonly unitsPerMinute: number };
  /** What the key may run: hashes, and names of registered operations; undefined for everything. */
  readonly operations?: ReadonlySet<string>;
}

/** The authenticated client of a request. */
export type Viewer = { readonly role: 'anonymous' } | SignedInViewer | PartnerViewer;
