/**
 * The limits on the size and cost of one operation.
 *
 * The text's length and tokens are checked first, then the parsed document (depth, fields, aliases,
 * directives, fragments), then the coerced variables, and last the static cost. Each check bounds the
 * time of the next one, so none may run before its predecessors.
 */
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
