export { type CommittedOperation, loadCommittedOperations } from './committed.ts';
export { createOperationStore, type OperationStore } from './store.ts';
