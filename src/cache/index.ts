export { EdgeCache, type StaleWindows } from './edge.ts';
export type { Entry } from './entry.ts';
export {
  cacheStatusOf,
  type ForwardReason,
  type HeaderList,
  headersOf,
  isKnown,
  NO_STORE,
  requestDirectiveOf,
} from './headers.ts';
export { keyOf } from './key.ts';
export { type CachePolicy, createPolicyReader, type PolicyReader, type Scope } from './policy.ts';
export type { Execute, Kept, Question } from './question.ts';
export { type Executed, Recording } from './recording.ts';
export { createEntryStore, createTextStore } from './store.ts';
export { TagNumbers } from './tags.ts';
export { createVariants } from './variants.ts';
