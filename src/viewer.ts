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
