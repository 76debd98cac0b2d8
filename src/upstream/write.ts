import { BffError } from '../errors.ts';
import type { Recorder } from '../recorder.ts';
import type { Log } from '../telemetry/log.ts';
import type { UpstreamMetrics } from '../telemetry/metrics/index.ts';
import type { CallContext, CallWaiters } from './call-context.ts';
import { createBreaker } from './circuit-breaker.ts';
import { foreignIssuerError, isKnownNotApplied, toWriteError } from './errors.ts';
import { observeAccess } from './observe-call.ts';
import type { CallPolicy } from './resilience.ts';
import type { Decoder, OutgoingCall, Transport } from './transport.ts';
import type { ViewerAssertion } from './viewer-assertion.ts';

/** A write to send, and the cache tags that it invalidates. */
export interface Change<T> extends Pick<OutgoingCall, 'method' | 'target' | 'json' | 'headers'> {
  /**
   * The tags of all changed data.
   * @param value - undefined if the outcome is unknown
   */
  readonly tagsOf: (value: T | undefined) => readonly string[];
}

interface WriteRunnerParts {
  /** The upstream's name. */
  readonly name: string;
  /** The maximum time that requests wait for a probe of the circuit, in milliseconds. */
  readonly attemptTimeoutMs: number;
  /** The timeout of a write in milliseconds, independent of the client's deadline. */
  readonly writeTimeoutMs: number;
  /** The count of writes that this process knows of, over all upstreams. */
  readonly writes: { seen: number };
  readonly log: Log;
  readonly metrics: UpstreamMetrics;
}

interface WriteParts extends Pick<WriteRunnerParts, 'name' | 'writeTimeoutMs'> {
  readonly runnerFor: ReturnType<typeof createWriteRunner>;
  readonly transport: Transport;
  readonly callPolicy: CallPolicy;
  readonly viewerHeaders: ViewerAssertion;
  readonly viewerTokenOf: (call: CallContext) => string | undefined;
  readonly isOfForeignIssuer: (call: CallContext) => boolean;
}

/** The timing of a write: an upstream may stop after the client's deadline, which can so cause a 5xx. */
export const writeTiming = (writeTimeoutMs: number) => ({
  minBudgetMs: writeTimeoutMs / 2,
  timeoutMs: writeTimeoutMs,
});

/**
 * Creates the runners of writes, one for each operation. Caches are invalidated before the client gets
 * the response. While the outcome is unknown, no response with data that the write may have changed is
 * stored.
 */
export function createWriteRunner(parts: WriteRunnerParts) {
  const { name, attemptTimeoutMs, writeTimeoutMs, writes, log, metrics } = parts;

  return (operation: string) => {
    const breaker = createBreaker({
      operation: `${name}.${operation}`,
      ...writeTiming(writeTimeoutMs),
      probeBudgetMs: writeTimeoutMs,
      maxProbeWaitMs: () => attemptTimeoutMs,
      log,
    });
    metrics.watch({ upstream: name, operation, circuit: breaker.state });

    /**
     * @param sendOnce - gets the request's call, or a copy with the deadline of a probe
     * @throws BffError UPSTREAM_TIMEOUT or UPSTREAM_UNAVAILABLE; the message says if the write may
     * have been applied
     */
    return async <T>(
      tagsOf: (value: T | undefined) => readonly string[],
      call: CallContext,
      sendOnce: (call: CallContext) => Promise<T>,
    ): Promise<T> => {
      let isOutcomeKnown = false;
      let purged: ReturnType<Recorder['changed']>;
      let quarantine: ReturnType<Recorder['changed']>;
      const endQuarantine = async () => (await quarantine)?.();

      const send = async (call: CallContext) => {
        const value = await sendOnce(call).finally(() => writes.seen++);
        isOutcomeKnown = true;
        purged = call.recorder?.changed(tagsOf(value), true);
        await purged;
        void endQuarantine();
        return value;
      };

      writes.seen++;
      const result = breaker.run(call, send).catch((error) => {
        // A BffError comes from before the call was sent, or from the decoder of a rejected write.
        isOutcomeKnown = error instanceof BffError || isKnownNotApplied(error);
        if (isOutcomeKnown) void endQuarantine();
        throw error;
      });
      return call.deadline.wait(result).catch(async (error) => {
        if (!isOutcomeKnown) quarantine = call.recorder?.changed(tagsOf(undefined), false);
        // The deadline may pass while other processes apply the purge.
        await Promise.all([purged, quarantine]);
        throw toWriteError(error);
      });
    };
  };
}

/**
 * Creates the write operations of an upstream. A write is sent once, on the viewer's behalf, and
 * continues after the client leaves, because other readers need its outcome.
 */
export function createWriteOperations(parts: WriteParts) {
  const { name, writeTimeoutMs, runnerFor, transport, callPolicy } = parts;
  const { viewerHeaders, viewerTokenOf, isOfForeignIssuer } = parts;
  const timing = writeTiming(writeTimeoutMs);

  return (operation: string) => {
    const run = runnerFor(operation);

    /** @throws BffError as the runner; FORBIDDEN for a viewer whose token is not exchanged */
    return async <Body, T>(
      { target, tagsOf, ...rest }: Change<T>,
      call: CallContext,
      read: Decoder<Body, T>,
    ): Promise<T> => {
      if (isOfForeignIssuer(call)) throw foreignIssuerError();
      const headers = { ...rest.headers, ...(await viewerHeaders(call.viewer)) };
      const viewer = { isForViewer: true, viewerToken: viewerTokenOf(call) };
      const outgoing = { ...rest, operation, target, headers, ...viewer, ...timing };
      const send = (call: CallContext) => {
        const { signal } = new AbortController();
        const waiters = waitersOf(call, signal);
        return callPolicy.write(() => transport.send(outgoing, waiters, read));
      };
      return observeAccess(`${name}.${operation}`, call, (call) => run(tagsOf, call, send));
    };
  };
}

/** One request as the waiters of its call. */
export const waitersOf = (call: CallContext, signal: AbortSignal): CallWaiters => ({
  requesters: [call],
  current: () => [call],
  expiresAt: call.deadline.expiresAt,
  signal,
});
