import type { Viewer } from '../viewer.ts';
import type { PhaseTimings } from './phase-timings.ts';
import type { TraceSpan } from './tracing/span.ts';
import { busyMs, type UpstreamCall } from './upstream-call.ts';

/** An operation as a request's record has it. */
export interface RecordedOperation {
  readonly operation: { readonly hash: string };
  readonly definition: {
    readonly operation: 'query' | 'mutation' | 'subscription';
    readonly name?: { readonly value: string } | undefined;
  };
  /** In cost units. */
  readonly cost: number;
  /** The schema coordinates of its fields, such as `Order.total`. */
  readonly fields: readonly string[];
}

/**
 * What is known about a request: the source of its log line, its metrics, its trace and its
 * Server-Timing header. Each phase adds its part.
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
  timingsFor: 'everyone' | 'staff' | undefined = undefined;
  /** Undefined unless the request is traced or its client may get Server-Timing. */
  timings: PhaseTimings | undefined = undefined;
  /** Undefined unless the request is traced. */
  span: TraceSpan | undefined = undefined;
}

/** Clients choose the names of their operations. */
const MAX_NAME_LENGTH = 100;
const HASH_PREFIX = 12;

/** The part of a request's log line that is about its operation. */
export function toLogFields(record: RequestRecord, now: number) {
  const { operations, calls, errorCodes } = record;
  return {
    publicRequestId: record.publicRequestId,
    operation: joined(operations.map(nameOf)),
    operationHash: joined(operations.map(({ operation }) => operation.hash.slice(0, HASH_PREFIX))),
    viewer: record.viewer,
    cost: operations.length > 0 ? totalCost(operations) : undefined,
    cacheStatus: record.cacheStatus,
    notStored: record.notStored,
    upstreamCalls: calls.length > 0 ? calls.length : undefined,
    upstreamMs: calls.length > 0 ? Math.round(busyMs(calls, now) * 10) / 10 : undefined,
    errorCodes: errorCodes && errorCodes.length > 0 ? [...new Set(errorCodes)] : undefined,
    failedParts: record.failedParts,
    traceId: record.traceId,
  };
}

export const nameOf = ({ definition }: RecordedOperation): string | undefined =>
  definition.name?.value.slice(0, MAX_NAME_LENGTH);

const joined = (texts: readonly (string | undefined)[]): string | undefined =>
  texts.length === 1 ? texts[0] : texts.filter(Boolean).join(',') || undefined;

const totalCost = (operations: readonly RecordedOperation[]): number =>
  operations.reduce((total, { cost }) => total + cost, 0);
