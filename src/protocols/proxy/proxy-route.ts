import type { ShieldRule } from '../../auth/rules.ts';

export type ProxyMethod = 'DELETE' | 'GET' | 'PATCH' | 'POST' | 'PUT';

/** Changes of headers, in this order: remove, rename, add. Names are in lower case. */
export interface HeaderRules {
  readonly remove?: readonly string[];
  /** New names by old names. */
  readonly rename?: Readonly<Record<string, string>>;
  /** Values by names; they replace what the sender has set. */
  readonly add?: Readonly<Record<string, string>>;
}

/**
 * Changes of a JSON body, in this order: remove, rename. A field is named by its path, `address.street`;
 * lists on the way stand for each of their items.
 */
export interface JsonRules {
  readonly remove?: readonly string[];
  /** The new names of fields, by their paths. */
  readonly rename?: Readonly<Record<string, string>>;
}

/** A path of a BFF whose requests are forwarded to an upstream. The first route that fits is taken. */
export interface ProxyRoute {
  /**
   * The path at the BFF. `{id}` stands for one segment; `*`, at the end, for the rest, which may be
   * missing: `/api/users/*` includes `/api/users`.
   */
  readonly path: `/${string}`;
  /** GET includes HEAD. */
  readonly methods: readonly ProxyMethod[];
  /** The host that clients must address, without a port. */
  readonly host?: string;
  /** A header that requests must have, with exactly this value. */
  readonly header?: { readonly name: string; readonly value: string };
  /** The version that clients must ask for with Accept-Version: `2` includes `2.1`. */
  readonly version?: string;
  /** The upstream's name in the table of the BFF. */
  readonly upstream: string;
  /** The path at the upstream, with the names and the `*` of `path`. */
  readonly target: `/${string}`;
  /** A rule that reads nothing but the viewer's permissions; default: staff. */
  readonly permission?: ShieldRule;
  /** In cost units; default 10. */
  readonly cost?: number;
  readonly headers?: { readonly request?: HeaderRules; readonly response?: HeaderRules };
  /** Bodies that have rules must be JSON, of 1 MiB at most. */
  readonly json?: { readonly request?: JsonRules; readonly response?: JsonRules };
  /** The cache tags that a write purges, with the names of `path`: `User:{id}`. */
  readonly purges?: readonly string[];
}
