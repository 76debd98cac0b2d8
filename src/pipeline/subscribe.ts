import type { RecheckViewer } from '../auth/credentials.ts';
import { RequestDeadline } from '../deadline.ts';
import { EventStream } from '../events/index.ts';
import { RequestRecord } from '../telemetry/request-record.ts';
import type { SubscriptionObserver } from '../telemetry/subscriptions.ts';
import { StreamLimit, viewerKeyOf } from '../traffic/index.ts';
import type { Viewer } from '../viewer.ts';
import type { Charged } from './charge.ts';
import type { Subscriber } from './execute/subscriber.ts';
import type { CreateExecutionContext } from './execution-context.ts';
import type { ExecutedResponse, StreamProtocol, StreamResponse } from './operation-request.ts';
import { ResultStream } from './result-stream.ts';

/** The maximum time for which a stream without events stays open after the end of its credential. */
const RECHECK_MS = 10_000;

/** A subscription that may begin. */
export interface ChargedSubscription extends Charged {
  readonly protocol: StreamProtocol;
}

export interface SubscribeParts {
  readonly subscriber: Subscriber;
  readonly recheckViewer: RecheckViewer;
  readonly createContext: CreateExecutionContext;
  /** The time limit of the execution for one event. */
  readonly requestDeadlineMs: number;
  readonly subscriptionObserver: SubscriptionObserver;
}

/**
 * Creates the phase that begins a subscription, and with it the streams that are open. Rules and limits
 * apply to the start as to any operation; each event is then executed like one, with its own deadline.
 */
export function createSubscribe(parts: SubscribeParts) {
  const {
    subscriber,
    recheckViewer,
    createContext,
    requestDeadlineMs,
    subscriptionObserver: observer,
  } = parts;
  const limit = new StreamLimit();
  const open = new Set<ResultStream>();
  let timer: NodeJS.Timeout | undefined;

  function startChecks(): void {
    timer ??= setInterval(() => {
      for (const stream of open) void stream.checkCredential();
    }, RECHECK_MS).unref();
  }

  function toStream(state: ChargedSubscription, events: EventStream): ResultStream {
    const { caller, prepared, protocol } = state;
    const { headers } = state.request;
    // Not the rest of the caller: its record and its deadline are those of the start.
    const { requestId, address, locale } = caller;
    const client = { requestId, address, locale, traceparent: undefined, tracestate: undefined };

    return new ResultStream({
      requestId,
      events,
      recheck: () => recheckViewer(headers),
      onResult: ({ errorCodes }) => observer.deliver(protocol, errorCodes.length > 0),
      async execute(viewer: Viewer, event) {
        const deadline = new RequestDeadline(requestDeadlineMs);
        const record = new RequestRecord();
        const context = createContext({ ...client, viewer, deadline, record }, prepared);
        return subscriber.execute(prepared, context, event).finally(() => deadline.release());
      },
    });
  }

  /** @throws BffError RATE_LIMITED, OVERLOADED */
  async function subscribe(state: ChargedSubscription): Promise<StreamResponse | ExecutedResponse> {
    const { caller, prepared, rateLimit, protocol } = state;
    const info = { rateLimit, reason: 'bypass', notStored: 'policy' } as const;
    const release = limit.take(viewerKeyOf(caller.viewer) ?? `address:${caller.address}`);
    const opened = await subscriber
      .open(prepared, createContext(caller, prepared))
      .catch((error) => {
        release();
        throw error;
      });
    caller.deadline.release();
    if (!(opened instanceof EventStream)) {
      release();
      return { kind: 'executed', result: opened, ...info, errorCodes: opened.errorCodes };
    }
    const stream = toStream(state, opened);
    const startedAt = performance.now();
    open.add(stream);
    startChecks();
    observer.begin(protocol);
    opened.onEnd((reason) => {
      open.delete(stream);
      release();
      const durationMs = performance.now() - startedAt;
      const { requestId, viewer } = caller;
      const ended = { protocol, reason, requestId, viewer: viewer.role, durationMs };
      observer.end({ ...ended, ...stream.counts, operation: prepared });
    });
    return { kind: 'stream', stream, ...info, errorCodes: [] };
  }

  return {
    subscribe,
    /** Ends all streams, whose clients then connect to other processes. */
    close(): void {
      clearInterval(timer);
      for (const stream of open) stream.end('restart');
    },
  };
}
