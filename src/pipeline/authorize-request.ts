import type { BffError } from '../errors.ts';
import type { Viewer } from '../viewer.ts';
import type { WithCaller } from './authenticate.ts';

/** What a request that executes no operation needs and costs. */
export interface Access {
  readonly permission: (viewer: Viewer) => true | BffError;
  /** In cost units. */
  readonly cost: number;
}

/** The phase that refuses viewers without the permission. @throws BffError of the rule */
export function authorizeRequest<S extends WithCaller>(
  state: S,
  permission: Access['permission'],
): S {
  const decision = permission(state.caller.viewer);
  if (decision !== true) throw decision;
  return state;
}
