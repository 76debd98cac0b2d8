/**
 * The operations of a BFF: reads documents, stores them, and prepares them for execution.
 *
 * A request refers to an operation by its text or its id. The store returns a trusted operation
 * (committed or from a manifest), a recent one, or reads a new one: the reader parses it, enforces
 * the document limits and validates it. The planner then adds what follows from the text and the
 * variables: cache policy, cost and canonical variables. The compiler turns repeated operations into
 * functions.
 *
 * It must never execute anything, spend unbounded time or memory on an ad-hoc document, or reveal the
 * schema in production.
 */
export { type CommittedOperation, loadCommittedOperations } from './committed.ts';
export { type Compiler, createCompiler } from './compile.ts';
export { DocumentError } from './document-error.ts';
export { createDeprecationLookup } from './fields.ts';
export { type FindKnown, readManifest } from './manifest.ts';
export {
  findIn,
  isReleasedManifest,
  type LoadedManifest,
  listManifestFiles,
  loadManifests,
  type Manifest,
  readManifestFiles,
  toLoaded,
} from './manifest-files.ts';
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
