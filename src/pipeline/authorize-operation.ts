import { BffError } from '../errors.ts';
import type { OperationStore, PreparedOperation } from '../operations/index.ts';
import type { Prepared } from './prepare.ts';

export interface AuthorizeOperationParts {
  readonly operations: Pick<OperationStore, 'isTrustedHash'>;
}

/**
 * Creates the phase that refuses operations which the client's API key may not run. It must come before
 * the cache lookup, since the stored responses of all keys of a partner are the same.
 *
 * A client can give any operation any name, so a name counts for registered operations only.
 */
export function createAuthorizeOperation({ operations }: AuthorizeOperationParts) {
  const isListed = (list: ReadonlySet<string>, { operation, definition }: PreparedOperation) =>
    list.has(operation.hash) ||
    (list.has(definition.name?.value ?? '') && operations.isTrustedHash(operation.hash));

  /** @throws BffError FORBIDDEN */
  return (state: Prepared): Prepared => {
    const { viewer } = state.caller;
    const isAllowed =
      viewer.role !== 'partner' ||
      viewer.operations === undefined ||
      isListed(viewer.operations, state.prepared);
    if (isAllowed) return state;
    throw new BffError(
      'FORBIDDEN',
      'This API key may run certain registered operations only, and this is none of them.',
    );
  };
}
