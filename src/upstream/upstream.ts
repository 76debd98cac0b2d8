import { Batcher, type Lane } from './batcher.ts';
import type { CallContext, CallWaiters } from './call-context.ts';
import { createBreaker } from './circuit-breaker.ts';
import { Coalescer } from './coalescer.ts';
import { ConcurrencyLimit } from './concurrency-limit.ts';
import { isSplittable, toBffError } from './errors.ts';
import { createCallPolicy, RetryBudget } from './resilience.ts';
import {
  createTransport,
  type Decoder,
  type OutgoingCall,
  type TransportOptions,
} from './transport.ts';
import { createViewerAssertion } from './viewer-assertion.ts';
import { createWriteOperations } from './write.ts';

export type { Lane } from './batcher.ts';
export type { UpstreamReply } from './transport.ts';

/** The most keys that one call takes (the services' contract). */
const MAX_KEYS_PER_CALL = 100;
/** The most objects that one call asks for, unless one key's are more. */
const MAX_ITEMS_PER_CALL = 1_000;

export interface UpstreamOptions extends TransportOptions {
  /** The key that viewers' identities are signed with. */
  readonly viewerKey: string | undefined;
  /** The longest that one attempt of a read may take, in milliseconds. */
  readonly attemptTimeoutMs: number;
  /** The longest that a write may take, in milliseconds. */
  readonly writeTimeoutMs: number;
  /** The share of its time that this process is at work, 0 to 1. */
  readonly utilization: () => number;
  /** Counts the writes that this process knows of, over all upstreams. */
  readonly writes: { seen: number };
}

export type Upstream = ReturnType<typeof createUpstream>;

/**
 * One service, for the whole process. Its operations share the connections, the bulkhead and the
 * retry budget; each has a breaker and a latency of its own.
 *
 * All of them throw BffErrors only: UPSTREAM_TIMEOUT, UPSTREAM_UNAVAILABLE, or what a reader throws.
 */
export function createUpstream(options: UpstreamOptions) {
  const { name, attemptTimeoutMs: timeoutMs, utilization: busy, writes, log } = options;
  const attempts = createTransport(options);
  const budget = new RetryBudget();
  const passage = createCallPolicy(budget);
  const identify = createViewerAssertion(options.viewerKey, name);
  const reading = { minBudgetMs: timeoutMs, timeoutMs };
  const readBreaker = (operation: string, overdueMs: () => number) => {
    const probeMs = 2 * timeoutMs;
    return createBreaker({
      operation: `${name}.${operation}`,
      ...reading,
      probeBudgetMs: probeMs,
      maxProbeWaitMs: overdueMs,
      log,
    });
  };

  return {
    /** An operation that answers many keys in one call, shared by all requests of the process. */
    batch<Body, V>(
      operation: string,
      {
        target,
        read,
        absent,
      }: {
        readonly target: (keys: readonly string[], lane: Lane) => string;
        readonly read: (
          keys: readonly string[],
          lane: Lane,
        ) => Decoder<Body, ReadonlyMap<string, V>>;
        /** The error for a key that the answer leaves out. */
        readonly absent: () => Error;
      },
    ) {
      const latency = new ConcurrencyLimit(busy);
      const breaker = readBreaker(operation, () => latency.overdueMs);
      const batcher = new Batcher<V>({
        maxKeys: ({ first = 1 }) =>
          Math.min(MAX_KEYS_PER_CALL, Math.max(1, Math.floor(MAX_ITEMS_PER_CALL / first))),
        limit: () => latency.limit,
        overdueMs: () => latency.overdueMs,
        missingKeyError: absent,
        mayHalve: (error) => isSplittable(error) && budget.spend(2),
        send: (keys, lane, members) => {
          const sending = {
            operation,
            method: 'GET',
            target: target(keys, lane),
            items: keys.length * (lane.first ?? 1),
            isForViewer: false,
            ...reading,
          } as const;
          return passage.read(
            () => latency.time(() => attempts.send(sending, members, read(keys, lane))),
            members.signal,
            (error) => !breaker.isProbing() && (keys.length === 1 || !isSplittable(error)),
          );
        },
      });
      return (key: string, call: CallContext, lane?: Omit<Lane, 'locale'>): Promise<V> =>
        breaker
          .run(call, (call) => batcher.load(key, { ...lane, locale: call.locale }, call))
          .catch(rethrow);
    },

    /**
     * An operation without a batch form. Who asks for the same at the same time shares the call.
     * @param scope - `viewer`: the upstream is told who asks, so that only the same viewer shares;
     *   `public`: the answer is the same for all who may ask, which our own rules decide
     */
    read(operation: string, scope: 'public' | 'viewer') {
      const latency = new ConcurrencyLimit();
      const breaker = readBreaker(operation, () => latency.overdueMs);
      const coalescer = new Coalescer();

      return <Body, T>(
        { target, items }: Pick<OutgoingCall, 'target' | 'items'>,
        call: CallContext,
        read: Decoder<Body, T>,
      ): Promise<T> => {
        const send = async (members: CallWaiters) => {
          const isForViewer = scope === 'viewer';
          const headers = isForViewer ? await identify(call.viewer) : {};
          const request = { operation, method: 'GET', target, items, headers } as const;
          const sending = { ...request, isForViewer, ...reading };
          return passage.read(
            () => latency.time(() => attempts.send(sending, members, read)),
            members.signal,
            () => !breaker.isProbing(),
          );
        };
        const asker = scope === 'viewer' && 'id' in call.viewer ? call.viewer : undefined;
        const who = asker && `${asker.role}:${asker.id}`;
        const key = [writes.seen, call.locale, who, target].join(' ');
        return breaker.run(call, (call) => coalescer.join(key, call, send)).catch(rethrow);
      };
    },

    /** An operation that changes something: see write.ts. */
    write: createWriteOperations({ ...options, attempts, passage, identify }),

    close() {
      attempts.close();
    },
  };
}

function rethrow(error: unknown): never {
  throw toBffError(error);
}
