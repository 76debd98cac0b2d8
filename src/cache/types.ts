import type { Representation } from './execution-result.ts';
import type { CachePolicy, CacheScope } from './policy.ts';
import type { TaggedVersion } from './versions.ts';

// Types that several files of the cache share, so that no two of them import each other.

/** A stored response: its bytes, who may receive them and for how long. */
export interface CacheEntry extends TaggedVersion {
  /**
   * The UTF-8 bytes of the JSON text as a latin1 string, one character per byte. Such a string is
   * written together with its headers in one write and is not encoded again.
   */
  readonly body: string;
  /** A hash of the bytes, without quotes. */
  readonly etag: string;
  readonly scope: CacheScope;
  /** The freshness lifetime that clients and CDNs are told, in seconds. */
  readonly maxAge: number;
  /** The version among all replicas at which its execution began; undefined if it was unknown. */
  readonly stamp?: Stamp | undefined;
  /** The start of its execution, in milliseconds since the epoch, with fractions. */
  readonly startedAt: number;
  /** Milliseconds since the epoch, like `freshUntil`. */
  readonly storedAt: number;
  /** The end of its freshness: slightly earlier than maxAge says, by a random part. */
  readonly freshUntil: number;
  /** The compressed bodies that clients have asked for so far, by content coding, as latin1. */
  readonly variants: Map<string, string>;
  /** The headers that do not change with time, built on first use, by content coding. */
  readonly headers: Map<string | undefined, ResponseHeaders>;
}

/** Names and values in turn, the form that node:http takes without conversion. */
export type HeaderList = readonly string[];

/** The headers of a response, and the values that conditional requests are compared with. */
export interface ResponseHeaders {
  /** Undefined if the response has none. */
  readonly etag: string | undefined;
  readonly headers: HeaderList;
  /** True if shared caches may store the response and send it to other clients. */
  readonly isPublic: boolean;
  /** False if the lifetime that shared caches are told begins when the response is sent. */
  readonly hasAge: boolean;
}

/** The result of a lookup, in the terms of RFC 9211. */
export type CacheStatus = 'hit' | 'collapsed' | 'stored' | 'miss';

/** One operation with its variables, for all viewers who may share its response. */
export interface CacheLookup {
  /** Everything that may change the response, as one text. */
  readonly key: string;
  readonly policy: CachePolicy;
  /** The form in which the response is stored. */
  readonly representation: Representation;
}

/**
 * The reason for which a response was not stored. `policy`: the operation is of a kind that is never
 * stored. `request`: its client excluded it. `unshareable`: it is for this viewer only, although the
 * operation is for all. `freshness`: an upstream allows no time. `purged`: its data changed while it
 * was executed, or a newer response is stored. `disabled`: nothing is stored.
 */
export type NotStoredReason =
  | 'policy'
  | 'request'
  | 'cost-report'
  | 'batch'
  | 'errors'
  | 'unshareable'
  | 'freshness'
  | 'purged'
  | 'disabled';

/** A response that other requests may receive too. */
export interface CacheHit {
  readonly status: CacheStatus;
  readonly entry: CacheEntry;
  readonly notStored?: NotStoredReason;
  /** The errors of the failed execution that the entry takes the place of. */
  readonly errorCodes?: readonly string[];
}

/** The time for which an expired response may still be served, in seconds. */
export interface StaleWindows {
  /** While a new response is computed in the background (RFC 5861 §3). */
  readonly whileRevalidate: number;
  /** When upstreams fail (RFC 5861 §4); shared responses only. */
  readonly ifError: number;
}

/** The shared caches in front of the BFF. */
export interface SharedCaches extends StaleWindows {
  /** True if purges are sent to them. */
  readonly arePurged: boolean;
  /** False while this process may lack purges of other replicas: what it sends may be old already. */
  readonly hasAllPurges: () => boolean;
}

/** A point in the history of purges: a version of one generation. */
export interface Stamp {
  /** Random; a new one begins when Redis loses the versions. */
  readonly generation: string;
  readonly version: number;
}

/** What one process tells the others about changed data. */
export type Purge = PurgeKind & {
  /** Its version among all replicas, if it has one already. */
  readonly stamp?: Stamp | undefined;
};

type PurgeKind =
  | { readonly kind: 'tags'; readonly tags: readonly string[] }
  /** Every stored response: a process ended, and with it what it knew of the writes it had sent. */
  | { readonly kind: 'everything' }
  /** For this time, responses with the tags are not stored, unless it is released before. */
  | {
      readonly kind: 'quarantine';
      readonly id: string;
      readonly tags: readonly string[];
      readonly ms: number;
    }
  | { readonly kind: 'release'; readonly id: string; readonly tags: readonly string[] };
