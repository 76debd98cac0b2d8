import type { Datasources } from './datasources/index.ts';

/** Someone with a valid token. */
export interface SignedInViewer {
  readonly role: 'customer' | 'staff';
  /** The user's id, which is the token's subject. */
  readonly id: string;
}

/** Who is asking. */
export type Viewer = { readonly role: 'anonymous' } | SignedInViewer;

/** What one request carries to its rules and resolvers. */
export interface RequestContext {
  readonly requestId: string;
  readonly viewer: Viewer;
  readonly datasources: Datasources;
}
