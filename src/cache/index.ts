export { EdgeCache, type StaleWindows } from './edge.ts';
export { cacheStatusOf, headersOf, isKnown, NO_STORE } from './headers.ts';
export { keyOf } from './key.ts';
export { type CachePolicy, createPolicyReader, type PolicyReader, type Scope } from './policy.ts';
export type { Execute, Kept, Question } from './question.ts';
export { type Executed, Recording } from './recording.ts';
export { createEntryStore, createTextStore } from './store.ts';
export { TagNumbers } from './tags.ts';
export { createVariants } from './variants.ts';
