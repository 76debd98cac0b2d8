import { BffError } from '../errors.ts';
import type { OperationStore, PreparedOperation } from '../operations/index.ts';
import { type RateLimiter, viewerKeyOf, viewerLimitOf } from '../traffic/index.ts';
import type { Authenticated } from './authenticate.ts';
import type { Prepared } from './prepare.ts';

export interface AuthorizeOperationParts {
  readonly operations: Pick<OperationStore, 'hashOf' | 'isTrustedHash'>;
  readonly rateLimiter: Pick<RateLimiter, 'chargeViewer'>;
}

/**
 * Creates the checks of operations which the client's API key may not run. A refusal costs the key one unit.
 *
 * A client can give any operation any name, so a name counts for registered operations only.
 */
export function createAuthorizeOperation({ operations, rateLimiter }: AuthorizeOperationParts) {
  const isListed = (list: ReadonlySet<string>, { operation, definition }: PreparedOperation) =>
    list.has(operation.hash) ||
    (list.has(definition.name?.value ?? '') && operations.isTrustedHash(operation.hash));

  function refuse({ caller: { viewer } }: Authenticated): never {
    rateLimiter.chargeViewer({ viewer: viewerKeyOf(viewer), viewerLimit: viewerLimitOf(viewer) });
    throw new BffError(
      'FORBIDDEN',
      'This API key may run certain registered operations only, and this is none of them.',
    );
  }

  return {
    /**
     * Refuses texts that no list can contain by a name, before they are parsed.
     * @throws BffError FORBIDDEN
     */
    authorizeReference(state: Authenticated): Authenticated {
      const list = listOf(state);
      const hash = list && operations.hashOf(state.request.input);
      const isCandidate = hash === undefined || list?.has(hash) || operations.isTrustedHash(hash);
      return isCandidate ? state : refuse(state);
    },

    /**
     * Must come before the cache lookup, since the stored responses of all keys of a partner are the same.
     * @throws BffError FORBIDDEN
     */
    authorizeOperation(state: Prepared): Prepared {
      const list = listOf(state);
      return !list || isListed(list, state.prepared) ? state : refuse(state);
    },
  };
}

/** The names and hashes that the viewer may run; undefined if there is no limit. */
const listOf = ({ caller: { viewer } }: Authenticated): ReadonlySet<string> | undefined =>
  viewer.role === 'partner' ? viewer.operations : undefined;
