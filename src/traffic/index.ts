export {
  type AdmissionControl,
  createAdmissionControl,
} from './admission-control.ts';
export { createIpFilter } from './ip-filter.ts';
export { BYTES_PER_UNIT, createRateLimiter, type RateLimiter } from './rate-limit/limiter.ts';
