export { type OperationLimits, STANDARD_LIMITS } from './operation-limits.ts';
