export {
  type AdmissionControl as Admission,
  createAdmissionControl as createAdmission,
} from './admission-control.ts';
export { createIpFilter as createAddressGuard } from './ip-filter.ts';
export { createRateLimiter, type RateLimiter } from './rate-limit/limiter.ts';
