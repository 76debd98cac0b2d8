import {
  type CacheLookup,
  type CacheScope,
  type ForwardReason,
  joinKeyParts,
  type NotStoredReason,
  type ResponseCache,
} from '../cache/index.ts';
import type { PreparedOperation } from '../operations/index.ts';
import type { Viewer } from '../viewer.ts';
import type { Charged } from './charge.ts';
import type { SharedResponse } from './operation-request.ts';

export interface LookedUp extends Charged {
  /** Undefined if the response must not be stored or shared. */
  readonly lookup: CacheLookup | undefined;
  /** The reason for executing, unless `stored` is there. */
  readonly reason: ForwardReason;
  /** The reason for which there is no lookup. */
  readonly notStored: NotStoredReason | undefined;
  /** A fresh response from memory. */
  readonly stored: SharedResponse | undefined;
}

export interface LookUpParts {
  readonly cache: Pick<ResponseCache, 'isCacheable' | 'getFresh'>;
  /** The BFF's name and the hash of its schema, as parts of every cache key. */
  readonly keyPrefix: readonly string[];
}

/**
 * Creates the phase that looks for a fresh response in memory. The cache key contains everything that
 * may change the response, and nothing else.
 */
export function createLookUp({ cache, keyPrefix }: LookUpParts) {
  function keyOf(prepared: PreparedOperation): string {
    prepared.cacheKey ??= createKey(prepared);
    return prepared.cacheKey;
  }

  function createKey({ operation, definition, canonical }: PreparedOperation): string {
    const name = definition.name?.value ?? '';
    return joinKeyParts([...keyPrefix, operation.hash, name, canonical]);
  }

  function lookupFor({ request, caller, prepared }: Charged): CacheLookup {
    const { cache: policy } = prepared;
    const { viewer, locale = '' } = caller;
    const { representation } = request;
    const scope = scopeKeyParts(policy.scope, viewer);
    const key = keyOf(prepared) + joinKeyParts([representation.name, locale, ...scope]);
    return { key, policy, representation };
  }

  function findStored({ key }: CacheLookup, { rateLimit }: Charged): SharedResponse | undefined {
    const entry = cache.getFresh(key);
    if (!entry) return undefined;
    const info = { rateLimit, reason: 'uri-miss', errorCodes: NO_CODES } as const;
    return { kind: 'shared', cacheStatus: 'hit', entry, key, ...info };
  }

  return (state: Charged): LookedUp => {
    const { request, prepared } = state;
    if (!cache.isCacheable(prepared.cache)) return withoutLookup(state, 'bypass', 'policy');
    // A stored response does not state the operation's cost.
    if (request.reportsCost) return withoutLookup(state, 'bypass', 'cost-report');
    if (request.cacheDirective === 'no-store') return withoutLookup(state, 'request', 'request');
    const lookup = lookupFor(state);
    if (request.cacheDirective) return withLookup(state, 'request', lookup);
    return withLookup(state, 'uri-miss', lookup, findStored(lookup, state));
  };
}

const NO_CODES: readonly string[] = [];

const withoutLookup = (
  { request, caller, prepared, rateLimit }: Charged,
  reason: ForwardReason,
  notStored: NotStoredReason,
): LookedUp => {
  const found = { lookup: undefined, stored: undefined };
  return { request, caller, prepared, rateLimit, reason, notStored, ...found };
};

const withLookup = (
  { request, caller, prepared, rateLimit }: Charged,
  reason: ForwardReason,
  lookup: CacheLookup,
  stored?: SharedResponse,
): LookedUp => {
  const found = { lookup, stored, notStored: undefined };
  return { request, caller, prepared, rateLimit, reason, ...found };
};

/** The viewers who may get the same response: everyone, all with the same permissions, or one. */
function scopeKeyParts(scope: CacheScope, viewer: Viewer): readonly string[] {
  if (scope === 'public') return ['public'];
  if (scope === 'role' || viewer.role === 'anonymous') return ['role', ...permissionsOf(viewer)];
  if (viewer.role === 'partner') return ['partner', viewer.partner, ...permissionsOf(viewer)];
  return ['user', viewer.issuer, viewer.id, ...permissionsOf(viewer)];
}

/** Distinguishes no scopes from an empty list of scopes. */
function permissionsOf(viewer: Viewer): readonly string[] {
  const scopes = 'scopes' in viewer ? viewer.scopes : undefined;
  return scopes ? [viewer.role, 'scopes', ...[...scopes].sort()] : [viewer.role];
}
