import type { Datasources } from './datasources/index.ts';
import type { Viewer } from './viewer.ts';

/** What one request carries to its rules and resolvers. */
export interface RequestContext {
  readonly requestId: string;
  readonly viewer: Viewer;
  readonly datasources: Datasources;
  /** Is told the codes of the errors in the answer. */
  readonly failed: (codes: readonly string[]) => void;
}
