export { type CommittedOperation, loadCommittedOperations } from './committed.ts';
export { type Compiler, createCompiler } from './compile.ts';
export { DocumentError } from './document-error.ts';
export { loadManifest } from './manifest.ts';
export type { Operation } from './operation.ts';
export { createPersistedTexts } from './persisted-texts.ts';
export {
  createPlanner,
  type OperationParameters,
  type Planner,
  type PreparedOperation,
} from './plan.ts';
export { createDocumentReader } from './read.ts';
export { createOperationStore, type OperationRef, type OperationStore } from './store.ts';
export { toTrusted } from './trusted.ts';
