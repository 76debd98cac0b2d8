export { ResponseCache, type StaleWindows } from './edge.ts';
export type { CacheEntry } from './entry.ts';
export {
  cacheStatusHeader,
  type ForwardReason,
  type HeaderList,
  matchesEtag,
  NO_STORE,
  requestDirectiveOf,
  responseHeaders,
} from './headers.ts';
export { joinKeyParts } from './key.ts';
export {
  type CachePolicy,
  type CacheScope,
  createPolicyReader,
  type PolicyReader,
} from './policy.ts';
export type { CacheHit, CacheLookup, Execute } from './question.ts';
export { ExecutionRecorder, type ExecutionResult } from './recording.ts';
export { createEntryStore, createTextStore } from './store.ts';
export { TagVersions } from './tags.ts';
export { createCompressor } from './variants.ts';
