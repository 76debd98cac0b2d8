export {
  type AdmissionControl,
  createAdmissionControl,
} from './admission-control.ts';
export { createIpFilter } from './ip-filter.ts';
export { createRateLimiter, type RateLimiter } from './rate-limit/limiter.ts';
