import type { Operation, OperationStore } from '../operations/index.ts';
import type { Authenticated } from './authenticate.ts';

export interface Resolved extends Authenticated {
  readonly operation: Operation;
}

export interface ResolveParts {
  readonly operations: Pick<OperationStore, 'find'>;
}

/** Creates the phase that finds the operation by its text or id; a new text is parsed and validated. */
export const createResolveOperation =
  ({ operations }: ResolveParts) =>
  /**
   * @throws BffError OPERATION_NOT_TRUSTED, PERSISTED_QUERY_NOT_FOUND, QUERY_TOO_COMPLEX or
   *   BAD_REQUEST; DocumentError
   */
  ({ request, caller }: Authenticated): Resolved => ({
    request,
    caller,
    operation: operations.find(request.input),
  });
