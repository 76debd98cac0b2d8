/**
 * Traffic control: decides whether a request may proceed before it costs anything.
 *
 * The IP filter refuses addresses by CIDR lists. The rate limiter charges the cost of an operation to
 * the client's address and viewer, per process, or with a shared counter: in Redis for all replicas, or
 * for the workers of one. Admission control queues requests while the event loop is busy and refuses new
 * ones when the queue is too old. The stream limit bounds the open subscriptions.
 *
 * It must never fail because Redis fails, use memory that grows with the number of clients without a
 * bound, or delay a request while the process keeps up.
 */
export {
  type AdmissionControl,
  createAdmissionControl,
} from './admission-control.ts';
export { createAddressMatcher, createIpFilter, type IpFilter } from './ip-filter.ts';
export { BYTES_PER_UNIT, createRateLimiter, type RateLimiter } from './rate-limit/limiter.ts';
export { LocalCounters } from './rate-limit/local-counters.ts';
export type { RateHeaders } from './rate-limit/policy.ts';
export {
  type Count,
  createBatchedCounter,
  type Increment,
  type SharedCounter,
} from './rate-limit/shared-counter.ts';
export { viewerKeyOf, viewerLimitOf } from './rate-limit/viewer-key.ts';
export { StreamLimit } from './stream-limit.ts';
