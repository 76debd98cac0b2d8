export { createRedis } from '../../redis/client.ts';
export { type Admission, createAdmission } from '../../traffic/admission-control.ts';
export { createAddressGuard } from '../../traffic/ip-filter.ts';
export { createRateLimiter, type RateLimiter } from '../../traffic/rate-limit/limiter.ts';
export { type CostReader, createCostReader } from './cost.ts';
export { holdTo, limitDocument, limitVariables } from './document.ts';
export {
  INTROSPECTION_LIMITS,
  type OperationLimits,
  STANDARD_LIMITS,
} from './operation-limits.ts';
