import { BffError } from '../errors.ts';
import { type AttemptOptions, createAttempts, type Read, type Sending } from './attempt.ts';
import { Batcher, type Lane } from './batcher.ts';
import type { Call, Members } from './call.ts';
import { createBreaker } from './circuit-breaker.ts';
import { Coalescer } from './coalescer.ts';
import { isWorthHalving, toBffError, toWriteError, wasNotDone } from './failure.ts';
import { createViewerSigner } from './identity.ts';
import { Latency } from './latency.ts';
import { remaining } from './lifetime.ts';
import { createPassage, RetryBudget } from './resilience.ts';

export type { Reply } from './attempt.ts';
export type { Lane } from './batcher.ts';

/** The most keys that one call takes (the services' contract). */
const MOST_KEYS = 100;
/** The most objects that one call asks for, unless one key's are more. */
const MOST_ITEMS = 1_000;

export interface UpstreamOptions extends AttemptOptions {
  /** The key that viewers' identities are signed with. */
  readonly viewerKey: string | undefined;
  /** The share of its time that this process is at work, 0 to 1. */
  readonly busy: () => number;
  /** Counts the writes that this process knows of, over all upstreams. */
  readonly writes: { seen: number };
}

/** Something to be changed. */
export interface Change<T> extends Pick<Sending, 'method' | 'target' | 'json' | 'headers'> {
  /**
   * The tags of all that is changed.
   * @param value - undefined if the outcome is not known
   */
  readonly tagsOf: (value: T | undefined) => readonly string[];
}

export type Upstream = ReturnType<typeof createUpstream>;

/**
 * One service, for the whole process. Its operations share the connections, the bulkhead and the
 * retry budget; each has a breaker and a latency of its own.
 *
 * All of them throw BffErrors only: UPSTREAM_TIMEOUT, UPSTREAM_UNAVAILABLE, or what a reader throws.
 */
export function createUpstream(options: UpstreamOptions) {
  const { name, attemptTimeoutMs: timeoutMs, busy, writes, log } = options;
  const attempts = createAttempts(options);
  const budget = new RetryBudget();
  const passage = createPassage(budget);
  const identify = createViewerSigner(options.viewerKey, name);
  const breakerOf = (operation: string, overdueMs: () => number) =>
    createBreaker({ operation: `${name}.${operation}`, patienceMs: timeoutMs, overdueMs, log });

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
        readonly read: (keys: readonly string[], lane: Lane) => Read<Body, ReadonlyMap<string, V>>;
        /** The error for a key that the answer leaves out. */
        readonly absent: () => Error;
      },
    ) {
      const latency = new Latency(busy);
      const breaker = breakerOf(operation, () => latency.overdueMs);
      const batcher = new Batcher<V>({
        maxKeys: ({ first = 1 }) =>
          Math.min(MOST_KEYS, Math.max(1, Math.floor(MOST_ITEMS / first))),
        limit: () => latency.limit,
        overdueMs: () => latency.overdueMs,
        absent,
        mayHalve: (error) => isWorthHalving(error) && budget.spend(2),
        send: (keys, lane, members) => {
          const sending = {
            operation,
            method: 'GET',
            target: target(keys, lane),
            items: keys.length * (lane.first ?? 1),
            timeoutMs,
          } as const;
          return passage.read(
            () => latency.time(() => attempts.send(sending, members, read(keys, lane))),
            members.signal,
            (error) => !breaker.isProbing() && (keys.length === 1 || !isWorthHalving(error)),
          );
        },
      });
      return (key: string, call: Call, lane?: Omit<Lane, 'locale'>): Promise<V> =>
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
      const latency = new Latency();
      const breaker = breakerOf(operation, () => latency.overdueMs);
      const coalescer = new Coalescer();

      return <Body, T>(
        { target, items }: Pick<Sending, 'target' | 'items'>,
        call: Call,
        read: Read<Body, T>,
      ): Promise<T> => {
        const send = async (members: Members) => {
          const headers = scope === 'viewer' ? await identify(call.viewer) : {};
          const sending = { operation, method: 'GET', target, items, headers, timeoutMs } as const;
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

    /**
     * An operation that changes something: sent once, on the viewer's behalf, and not given up when
     * the client leaves, since its outcome matters to others.
     * The caches are told before its outcome is.
     * @throws BffError UPSTREAM_TIMEOUT or UPSTREAM_UNAVAILABLE that says so, if it may have happened
     */
    write(operation: string) {
      const breaker = breakerOf(operation, () => timeoutMs);

      return async <Body, T>(
        { target, tagsOf, ...rest }: Change<T>,
        call: Call,
        read: Read<Body, T>,
      ): Promise<T> => {
        const headers = { ...rest.headers, ...(await identify(call.viewer)) };
        const sending = { ...rest, operation, target, headers };
        let isKnown = false;
        /** A change is not given up, whoever leaves; and a probe has a deadline of its own. */
        const send = async (call: Call) => {
          const { deadline } = call.lifetime;
          const { signal } = new AbortController();
          const members: Members = { calls: [call], waiting: () => [call], deadline, signal };
          const value = await passage
            .write(() => {
              return attempts.send({ ...sending, timeoutMs: remaining(deadline) }, members, read);
            })
            .finally(() => writes.seen++);
          isKnown = true;
          call.recorder?.changed(tagsOf(value), true);
          return value;
        };
        writes.seen++;
        const sent = breaker.run(call, send).catch((error) => {
          // A BffError was thrown before anything was sent, or by the reader of a refusal.
          isKnown = error instanceof BffError || wasNotDone(error);
          throw error;
        });
        return call.lifetime.wait(sent).catch((error) => {
          if (!isKnown) call.recorder?.changed(tagsOf(undefined), false);
          throw toWriteError(error);
        });
      };
    },

    close() {
      attempts.close();
    },
  };
}

function rethrow(error: unknown): never {
  throw toBffError(error);
}
