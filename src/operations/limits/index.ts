export { type CostReader, createCostReader } from './cost.ts';
export {
  enforceDocumentLimits,
  enforceLimit,
  enforceVariableLimits,
} from './document.ts';
export {
  INTROSPECTION_LIMITS,
  type OperationLimits,
  STANDARD_LIMITS,
} from './operation-limits.ts';
