import type { GraphQLSchema } from 'graphql';
import type { CommittedOperation } from '../operations/index.ts';

/** What a page needs on which developers run operations: the explorer, or the page that explains responses. */
export interface OperationPageOptions {
  /** The name of the BFF. */
  readonly name: string;
  readonly schema: GraphQLSchema;
  /** The operations to choose from. */
  readonly committed: readonly CommittedOperation[];
  /** The operation that is chosen at first. */
  readonly example: CommittedOperation | undefined;
  /** The bearer token that the page sends at first. */
  readonly sandboxToken: string | undefined;
}
