import { BffError } from '../errors.ts';
import type { Viewer } from '../viewer.ts';
import type { WithCaller } from './authenticate.ts';

/** What a request that executes no operation needs and costs. */
export interface Access {
  readonly permission: (viewer: Viewer) => true | BffError;
  /** In cost units. */
  readonly cost: number;
}

/** The state of a request that executes no operation. */
export interface WithAccess extends WithCaller {
  readonly access: Access;
}

/**
 * The phase that refuses viewers without the permission, and API keys that may run certain operations
 * only.
 * @throws BffError FORBIDDEN, or that of the rule
 */
export function authorizeRequest(state: WithAccess): WithAccess {
  const { viewer } = state.caller;
  if (viewer.role === 'partner' && viewer.operations !== undefined) {
    throw new BffError('FORBIDDEN', 'This API key may run certain registered operations only.');
  }
  const decision = state.access.permission(viewer);
  if (decision !== true) throw decision;
  return state;
}
