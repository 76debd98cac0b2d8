export { createCompressor } from './compression.ts';
export type { CacheEntry } from './entry.ts';
export { ExecutionRecorder, type ExecutionResult } from './execution-recorder.ts';
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
export { ResponseCache, type StaleWindows } from './response-cache.ts';
export { createEntryStore, createTextStore } from './store.ts';
export { TagVersions } from './tag-versions.ts';
