import type { Log } from './log.ts';
import type { Metrics } from './metrics/index.ts';
import { loggedHashOf, nameOf, type RecordedOperation } from './request-record.ts';

/** A subscription that has ended. */
export interface EndedSubscription {
  readonly protocol: string;
  readonly reason: string;
  readonly requestId: string;
  /** The kind of viewer. */
  readonly viewer: string;
  readonly durationMs: number;
  /** Events whose results the client has got. */
  readonly delivered: number;
  /** Events that it has not got, because it was too slow. */
  readonly dropped: number;
  readonly operation: RecordedOperation;
}

/** Watches subscriptions from their start to their end. */
export interface SubscriptionObserver {
  readonly begin: (protocol: string) => void;
  /** Called for each event that a client gets. @param isFailed - true if its result has errors */
  readonly deliver: (protocol: string, isFailed: boolean) => void;
  readonly end: (ended: EndedSubscription) => void;
}

/** Creates the observer that counts subscriptions, and writes a log line at the end of each. */
export function createSubscriptionObserver(
  { subscriptions }: Pick<Metrics, 'subscriptions'>,
  log: Log,
): SubscriptionObserver {
  return {
    begin: subscriptions.begin,
    deliver: subscriptions.deliver,
    end(ended) {
      subscriptions.end(ended);
      const { requestId, operation, durationMs, ...fields } = ended;
      log.info(
        {
          reqId: requestId,
          operation: nameOf(operation),
          operationHash: loggedHashOf(operation),
          ...fields,
          durationMs: Math.round(durationMs),
        },
        'subscription ended',
      );
    },
  };
}
