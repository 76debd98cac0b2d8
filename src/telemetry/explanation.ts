import type { Refusal } from './refusal.ts';
import { type CacheRules, explanationFor, nameOf, type RequestRecord } from './request-record.ts';
import type { UpstreamAccess, UpstreamCall } from './upstream-call.ts';

/** A stretch of time, in milliseconds since the request arrived. */
interface Span {
  readonly startMs: number;
  readonly durationMs: number;
}

/** A phase of the lifecycle. */
interface ExplainedPhase extends Span {
  readonly name: string;
}

/** An upstream call that the response needed, or one that was not sent. */
export interface ExplainedCall extends Span {
  readonly upstream: string;
  readonly operation: string;
  /** `ok`, `pending` if the response did not wait for its end, or the kind of failure. */
  readonly outcome: string;
  /** False if it was refused, or its request did not wait any longer: `startMs` is then the start of the wait. */
  readonly isSent: boolean;
  /**
   * The time before it was sent, in milliseconds: for other keys, a free slot or a credential; of a repeated
   * call, since the attempt before. 0 if it was in flight already.
   */
  readonly queuedMs: number;
  /** The number of keys of a batch, those of other requests included. */
  readonly keys?: number | undefined;
  /** The number of other requests that have got its result. */
  readonly sharedWith: number;
  /** 1, or more if it was repeated. */
  readonly attempt: number;
  /** The state of its circuit breaker when it was sent or refused. */
  readonly circuit?: string | undefined;
  /** The number of the upstream's instance. */
  readonly instance?: number | undefined;
  /** The address of the instance, in development only. */
  readonly address?: string | undefined;
}

/** The source of the response, and the rules for storing it. */
interface ExplainedCache extends CacheRules {
  /** As in the log: `hit`, `stored`, `collapsed`, `miss`, or the reason for executing. */
  readonly status: string | undefined;
  /** The reason for which the response was not stored. */
  readonly notStored?: string | undefined;
  /** The age of a stored response, in seconds. */
  readonly ageSeconds?: number | undefined;
}

/** Why a response is as it is, and what took its time: `extensions.explain`. */
export interface Explanation {
  readonly operation: { readonly type: string; readonly name?: string; readonly hash: string };
  readonly viewer: string;
  readonly durationMs: number;
  readonly phases: readonly ExplainedPhase[];
  readonly calls: readonly ExplainedCall[];
  readonly cache: ExplainedCache;
  readonly refusals: readonly Refusal[];
  /** In cost units. */
  readonly cost: { readonly requested: number; readonly limit: number };
}

export interface ExplainOptions {
  /** The maximum cost of an operation. */
  readonly maxCost: number;
  /** True in development. */
  readonly showsAddresses: boolean;
}

/** A response that was stored, or may be, as the cache has it. */
export interface ExplainedEntry extends CacheRules {
  /** In milliseconds since the epoch. */
  readonly storedAt: number;
}

/** The time before the first phase, in which the request is read. */
const FIRST_PHASE = 'receive';

/**
 * Explains the response of one operation. It only reads what the record has.
 * @param entry - undefined if the response can't be shared
 * @returns undefined unless the viewer asks for it and may get it
 */
export function explain(
  record: RequestRecord,
  entry: ExplainedEntry | undefined,
  { maxCost, showsAddresses }: ExplainOptions,
): Explanation | undefined {
  const recorded = explanationFor(record);
  const [prepared] = record.operations;
  if (!recorded || !prepared) return undefined;
  const { startedAt, viewer = '' } = record;
  const now = performance.now();
  const toSpan = (from: number, to: number): Span => ({
    startMs: roundMs(from - startedAt),
    durationMs: roundMs(to - from),
  });
  const name = nameOf(prepared);
  return {
    operation: {
      type: prepared.definition.operation,
      ...(name !== undefined && { name }),
      hash: prepared.operation.hash,
    },
    viewer,
    durationMs: roundMs(now - startedAt),
    phases: phasesOf(record, toSpan),
    calls: callsOf(record.calls, recorded.accesses),
    cache: cacheOf(record, entry ?? prepared.cache, entry?.storedAt),
    refusals: recorded.refusals,
    cost: { requested: record.cost(), limit: maxCost },
  };

  function callsOf(
    calls: readonly UpstreamCall[],
    accesses: readonly UpstreamAccess[],
  ): ExplainedCall[] {
    const accessesTo = (call: UpstreamCall) => accesses.filter((access) => access.calls.has(call));
    const sent = calls.map((call) => toCall(call, accessesTo(call)));
    const unsent = accesses.filter(({ calls }) => calls.size === 0).map(toUnsentCall);
    return [...sent, ...unsent].sort((a, b) => a.startMs - b.startMs);
  }

  function toCall(call: UpstreamCall, accesses: readonly UpstreamAccess[]): ExplainedCall {
    const { upstream, operation, keys, requests, retries, instance, outcome = 'pending' } = call;
    return {
      upstream,
      operation,
      outcome,
      isSent: true,
      ...toSpan(call.startedAt, call.endedAt ?? now),
      queuedMs: roundMs(Math.max(0, call.startedAt - startOfWait(call, accesses))),
      keys,
      sharedWith: requests - 1,
      attempt: retries + 1,
      circuit: accesses[0]?.circuit,
      instance: instance.number,
      ...(showsAddresses && { address: instance.baseUrl }),
    };
  }

  function toUnsentCall({ name, startedAt: from, endedAt, failure, circuit }: UpstreamAccess) {
    const [upstream = '', ...rest] = name.split('.');
    const operation = rest.join('.');
    const outcome = failure ?? (endedAt === undefined ? 'pending' : 'ok');
    const span = toSpan(from, endedAt ?? now);
    const queuedMs = span.durationMs;
    const counts = { queuedMs, sharedWith: 0, attempt: 1 };
    return { upstream, operation, outcome, isSent: false, ...span, ...counts, circuit };
  }
}

/** When the wait for a call began: with the first access, or with the end of the attempt before. */
function startOfWait(call: UpstreamCall, accesses: readonly UpstreamAccess[]): number {
  const began = Math.min(...accesses.map(({ startedAt }) => startedAt));
  if (call.retries === 0) return began;
  const before = accesses
    .flatMap(({ calls }) => [...calls])
    .filter(({ startedAt }) => startedAt < call.startedAt);
  return Math.max(began, ...before.map(({ endedAt = began }) => endedAt));
}

function phasesOf(
  { timings, startedAt }: RequestRecord,
  toSpan: (from: number, to: number) => Span,
): ExplainedPhase[] {
  const phases = timings?.phases ?? [];
  const first = phases[0]?.startedAt ?? startedAt;
  return [
    { name: FIRST_PHASE, ...toSpan(startedAt, first) },
    ...phases.map(({ name, startedAt: from, durationMs }) => ({
      name,
      ...toSpan(from, from + durationMs),
    })),
  ];
}

function cacheOf(
  { cacheStatus: status, notStored }: RequestRecord,
  { scope, maxAge, tags }: CacheRules,
  storedAt = Date.now(),
): ExplainedCache {
  const ageSeconds =
    status === 'hit' ? Math.max(0, Math.floor((Date.now() - storedAt) / 1_000)) : undefined;
  return { status, notStored, scope, maxAge, ageSeconds, tags };
}

const roundMs = (ms: number): number => Math.round(ms * 100) / 100;
