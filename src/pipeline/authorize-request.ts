import { BffError } from '../errors.ts';
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

/**
 * Creates the phase that refuses viewers without the permission, and API keys that may run certain
 * operations only. A refusal costs the viewer one unit.
 */
export function createAuthorizeRequest({ rateLimiter }: AuthorizeRequestParts) {
  const decide = (viewer: Viewer, { permission }: Access): true | BffError =>
    viewer.role === 'partner' && viewer.operations !== undefined
      ? new BffError('FORBIDDEN', 'This API key may run certain registered operations only.')
      : permission(viewer);

  /** @throws BffError FORBIDDEN, or that of the rule */
  return (state: WithAccess): WithAccess => {
    const { viewer } = state.caller;
    const decision = decide(viewer, state.access);
    if (decision === true) return state;
    rateLimiter.chargeViewer({ viewer: viewerKeyOf(viewer), viewerLimit: viewerLimitOf(viewer) });
    throw decision;
  };
}
