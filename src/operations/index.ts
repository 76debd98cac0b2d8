export { type CommittedOperation, loadCommittedOperations } from './committed.ts';
export type { Operation } from './operation.ts';
export { createPlanner, type Planner } from './plan.ts';
export { createDocumentReader, PARSE_OPTIONS } from './read.ts';
export { createOperationStore, type Named, type OperationStore } from './store.ts';
