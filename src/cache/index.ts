/**
 * The response cache: stores the responses of operations, shares one execution among concurrent
 * requests, and sets the cache headers for browsers and CDNs.
 *
 * The policy of an operation (maxAge, scope, tags) follows from its text and the schema. A request
 * looks its key up; on a miss, an ExecutionRecorder collects tags and freshness from the datasources
 * while the operation executes, and the complete response is stored in memory, as an entry (store.ts)
 * and as text (packed-store.ts), and in the Redis that replicas share (replicas/). A purge raises the
 * version of tags, which makes the entries with them stale.
 *
 * It must never serve a response to a viewer outside its scope, serve data that was read before a
 * purge, store a partial response, or wait for anything before it returns a fresh entry from memory.
 */
export { createCompressor } from './compression.ts';
export { createResponseCache } from './create-response-cache.ts';
export { createEdgePurger } from './edge-purger.ts';
export { bytesOf } from './entry.ts';
export { type Execute, ExecutionRecorder } from './execution-recorder.ts';
export { type ExecutionResult, type Representation, toJson } from './execution-result.ts';
export {
  cacheStatusHeader,
  DERIVED_HIT,
  type ForwardReason,
  matchesEtag,
  NO_STORE,
  type RequestDirective,
  requestDirectiveOf,
  responseHeaders,
} from './headers.ts';
export { createInvalidation, type PurgeChannel } from './invalidation.ts';
export { joinKeyParts } from './key.ts';
export {
  type CachePolicy,
  type CacheScope,
  createPolicyReader,
  type PolicyReader,
} from './policy.ts';
export {
  connectReplicas,
  createReplicaChannel,
  publishToReplicas,
  Replicas,
} from './replicas/index.ts';
export { ResponseCache } from './response-cache.ts';
export { EVERYTHING } from './tag-queue.ts';
export { TagVersions } from './tag-versions.ts';
export type {
  CacheEntry,
  CacheLookup,
  CacheStatus,
  HeaderList,
  NotStoredReason,
  Purge,
  SharedCaches,
} from './types.ts';
