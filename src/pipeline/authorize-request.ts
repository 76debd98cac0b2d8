import type { BffError } from '../errors.ts';
import { type RateLimiter, viewerKeyOf, viewerLimitOf } from '../traffic/index.ts';
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

export interface AuthorizeRequestParts {
  readonly rateLimiter: Pick<RateLimiter, 'chargeViewer'>;
}

/** Creates the phase that refuses viewers without the permission. A refusal costs the viewer one unit. */
export function createAuthorizeRequest({ rateLimiter }: AuthorizeRequestParts) {
  /** @throws BffError, that of the permission */
  return (state: WithAccess): WithAccess => {
    const { viewer } = state.caller;
    const decision = state.access.permission(viewer);
    if (decision === true) return state;
    rateLimiter.chargeViewer({ viewer: viewerKeyOf(viewer), viewerLimit: viewerLimitOf(viewer) });
    throw decision;
  };
}
