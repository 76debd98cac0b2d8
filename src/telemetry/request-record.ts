/**
 * Telemetry: what a process tells about itself. Each phase of a request adds what it knows to the
 * request's RequestRecord; at its end the log line (request-line.ts), the metrics (metrics/), the trace
 * (tracing/), the Server-Timing header (server-timing.ts) and the explanation of the response
 * (explanation.ts) are made of it. Upstream calls are recorded once, for all requests that share them
 * (upstream-call.ts).
 *
 * It must never contain a credential, a variable or the text of a document, cost a request anything that
 * nobody asked for, or fail a request.
 */
import type { Viewer } from '../viewer.ts';
import type { PhaseTimings } from './phase-timings.ts';
import type { Refusal } from './refusal.ts';
import type { TraceSpan } from './tracing/span.ts';
import type { UpstreamAccess, UpstreamCall } from './upstream-call.ts';

/** The rules for storing a response; of a stored one, those that apply to it. */
export interface CacheRules {
  /** The viewers who may get the same response: everyone, all with the same permissions, or one. */
  readonly scope: string;
  /** In seconds. */
  readonly maxAge: number;
  readonly tags: readonly string[];
}

/** An operation as a request's record has it. */
export interface RecordedOperation {
  readonly operation: { readonly hash: string };
  readonly definition: {
    readonly operation: 'query' | 'mutation' | 'subscription';
    readonly name?: { readonly value: string } | undefined;
  };
  /** In cost units. */
  readonly cost: number;
  /** The rules for storing its responses, known before it executes. */
  readonly cache: CacheRules;
  /** The schema coordinates of its fields, such as `Order.total`. */
  readonly fields: readonly string[];
}

/** The viewers who get a report about a request: Server-Timing, or an explanation. */
type Recipients = 'everyone' | 'staff';

/** What is recorded only for requests that ask for an explanation. */
export interface ExplanationRecord {
  readonly recipients: Recipients;
  readonly accesses: UpstreamAccess[];
  readonly refusals: Refusal[];
}

/**
 * What is known about a request: the source of its log line, its metrics, its trace, its
 * Server-Timing header and its explanation. Each phase adds its part.
 */
export class RequestRecord {
  readonly startedAt = performance.now();
  /** Several for a batch. */
  readonly operations: RecordedOperation[] = [];
  /** The calls that were made for this request, also those that others share. */
  readonly calls: UpstreamCall[] = [];
  /** The id in a public response, if it is not that of the request. */
  publicRequestId: string | undefined = undefined;
  /** The kind of viewer; undefined until it is known. */
  viewer: Viewer['role'] | undefined = undefined;
  /** The trace that the client or this process has started. */
  traceId: string | undefined = undefined;
  /** The source of the response, in the terms of RFC 9211. */
  cacheStatus: string | undefined = undefined;
  /** The reason for which the response was not stored; undefined if it was, or is. */
  notStored: string | undefined = undefined;
  /** The codes in the response, or in the execution that a stored response takes the place of. */
  errorCodes: readonly string[] | undefined = undefined;
  /** The number of errors in the response of an operation that was executed or stored. */
  failedParts: number | undefined = undefined;
  /** The limit that refused the request. */
  refusedBy: string | undefined = undefined;
  /** The viewers who get Server-Timing for this request. */
  timingsFor: Recipients | undefined = undefined;
  /** Undefined unless the request is traced, or asks for Server-Timing or an explanation. */
  timings: PhaseTimings | undefined = undefined;
  /** Undefined unless the request asks for an explanation; see `explanationFor`. */
  explanation: ExplanationRecord | undefined = undefined;
  /** True if this process could trace the request, and has decided not to. */
  isUnsampled = false;
  /** True if the response lasts until its client leaves. */
  isStream = false;
  /** Undefined unless the request is traced. */
  span: TraceSpan | undefined = undefined;

  /** Of all its operations, in cost units. */
  cost(): number {
    return this.operations.reduce((total, { cost }) => total + cost, 0);
  }
}

/** @param viewer - undefined until it is known */
export const isFor = (
  recipients: Recipients | undefined,
  viewer: RequestRecord['viewer'],
): boolean => recipients === 'everyone' || (recipients === 'staff' && viewer === 'staff');

/** The record for the explanation of the response; undefined unless its viewer asks for one and may get it. */
export const explanationFor = ({
  explanation,
  viewer,
}: RequestRecord): ExplanationRecord | undefined =>
  explanation && isFor(explanation.recipients, viewer) ? explanation : undefined;

/** A request whose response has been sent, or whose client has left. */
export interface CompletedRequest {
  readonly record: RequestRecord;
  readonly method: string;
  /** 499 if the client left before the end of the response. */
  readonly status: number;
  readonly durationMs: number;
  readonly client: string | undefined;
  readonly clientVersion: string | undefined;
}

/** Clients choose the names of their operations. */
const MAX_NAME_LENGTH = 100;

export const nameOf = ({ definition }: RecordedOperation): string | undefined =>
  definition.name?.value.slice(0, MAX_NAME_LENGTH);

/** Enough characters of a hash to find its operation. */
const LOGGED_HASH_LENGTH = 12;

/** The hash of an operation, as log lines have it. */
export const loggedHashOf = ({ operation }: RecordedOperation): string =>
  operation.hash.slice(0, LOGGED_HASH_LENGTH);
