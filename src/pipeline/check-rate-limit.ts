import { type RateLimiter, viewerKeyOf, viewerLimitOf } from '../traffic/index.ts';
import type { WithCaller } from './authenticate.ts';

export interface CheckRateLimitParts {
  readonly rateLimiter: Pick<RateLimiter, 'refuseExhausted'>;
}

/** Creates the phase that refuses viewers who have used up their rate limit, as soon as they are known. */
export const createCheckRateLimit =
  ({ rateLimiter }: CheckRateLimitParts) =>
  /** @throws BffError RATE_LIMITED */
  <S extends WithCaller>(state: S): S => {
    const { viewer } = state.caller;
    rateLimiter.refuseExhausted({
      viewer: viewerKeyOf(viewer),
      viewerLimit: viewerLimitOf(viewer),
    });
    return state;
  };
