import type { Datasources } from './datasources/upstreams.ts';
import type { Viewer } from './viewer.ts';

/**
 * The data of one request for its rules and resolvers.
 * @typeParam D - the datasources; another product than this one has others
 */
export interface RequestContext<D = Datasources> {
  readonly requestId: string;
  readonly viewer: Viewer;
  readonly datasources: D;
  /** Is told the codes of the errors in the answer. */
  readonly failed: (codes: readonly string[]) => void;
}
