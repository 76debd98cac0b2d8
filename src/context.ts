import type { Viewer } from './auth/viewer.ts';
import type { Datasources } from './datasources/index.ts';

/** What one request carries to its rules and resolvers. */
export interface RequestContext {
  readonly requestId: string;
  readonly viewer: Viewer;
  readonly datasources: Datasources;
}
