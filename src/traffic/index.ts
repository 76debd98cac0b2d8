export { type Admission, createAdmission } from './admission-control.ts';
export { createAddressGuard } from './ip-filter.ts';
export { createRateLimiter, type RateLimiter } from './rate-limit/limiter.ts';
