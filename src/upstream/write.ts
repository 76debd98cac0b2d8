import { BffError } from '../errors.ts';
import type { Log } from '../telemetry/log.ts';
import type { CallContext, CallWaiters } from './call-context.ts';
import { createBreaker } from './circuit-breaker.ts';
import { isKnownNotApplied, toWriteError } from './errors.ts';
import type { CallPolicy } from './resilience.ts';
import type { Decoder, OutgoingCall, Transport } from './transport.ts';
import type { ViewerAssertion } from './viewer-assertion.ts';

/** Something to be changed. */
export interface Change<T> extends Pick<OutgoingCall, 'method' | 'target' | 'json' | 'headers'> {
  /**
   * The tags of all that is changed.
   * @param value - undefined if the outcome is not known
   */
  readonly tagsOf: (value: T | undefined) => readonly string[];
}

interface WriteParts {
  /** The upstream's. */
  readonly name: string;
  /** How long callers wait for a probe of the circuit, in milliseconds. */
  readonly attemptTimeoutMs: number;
  /** The longest that a write may take, in milliseconds, whatever the deadline of its client. */
  readonly writeTimeoutMs: number;
  /** Counts the writes that this process knows of, over all upstreams. */
  readonly writes: { seen: number };
  readonly log: Log;
  readonly attempts: Transport;
  readonly passage: CallPolicy;
  readonly identify: ViewerAssertion;
}

/**
 * Operations that change something: sent once, on the viewer's behalf, and not given up when the
 * client leaves, since their outcome matters to others. The caches are told of it before the client.
 * While it is not known, nothing is kept that the change may have touched.
 */
export function createWriteOperations(parts: WriteParts) {
  const { name, attemptTimeoutMs, writeTimeoutMs, writes, log, attempts, passage, identify } =
    parts;
  // A service may stop working for a client whose time is over, so that a 5xx can be the client's.
  const timing = { minBudgetMs: writeTimeoutMs / 2, timeoutMs: writeTimeoutMs };

  return (operation: string) => {
    const breaker = createBreaker({
      operation: `${name}.${operation}`,
      ...timing,
      probeBudgetMs: writeTimeoutMs,
      maxProbeWaitMs: () => attemptTimeoutMs,
      log,
    });

    /** @throws BffError UPSTREAM_TIMEOUT or UPSTREAM_UNAVAILABLE that says so, if it may have happened */
    return async <Body, T>(
      { target, tagsOf, ...rest }: Change<T>,
      call: CallContext,
      read: Decoder<Body, T>,
    ): Promise<T> => {
      const headers = { ...rest.headers, ...(await identify(call.viewer)) };
      const sending = { ...rest, operation, target, headers, isForViewer: true, ...timing };
      let isKnown = false;
      let release: (() => void) | undefined;

      /** @param call - the request's, or one with the deadline of a probe */
      const send = async (call: CallContext) => {
        const { expiresAt: deadline } = call.deadline;
        const { signal } = new AbortController();
        const members: CallWaiters = {
          requesters: [call],
          current: () => [call],
          expiresAt: deadline,
          signal,
        };
        const value = await passage
          .write(() => attempts.send(sending, members, read))
          .finally(() => writes.seen++);
        isKnown = true;
        call.recorder?.changed(tagsOf(value), true);
        release?.();
        return value;
      };

      writes.seen++;
      const sent = breaker.run(call, send).catch((error) => {
        // A BffError was thrown before anything was sent, or by the reader of a refusal.
        isKnown = error instanceof BffError || isKnownNotApplied(error);
        if (isKnown) release?.();
        throw error;
      });
      return call.deadline.wait(sent).catch((error) => {
        if (!isKnown) release = call.recorder?.changed(tagsOf(undefined), false);
        throw toWriteError(error);
      });
    };
  };
}
