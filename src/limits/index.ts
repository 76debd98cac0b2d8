export { createAddressGuard } from './addresses.ts';
export { type Admission, createAdmission } from './admission.ts';
export { type CostReader, createCostReader } from './cost.ts';
export { holdTo, limitDocument, limitVariables } from './document.ts';
export {
  INTROSPECTION_LIMITS,
  type OperationLimits,
  STANDARD_LIMITS,
} from './operation-limits.ts';
export { createRateLimiter, type RateLimiter } from './rate-limiter.ts';
export { createRedis } from './redis.ts';
