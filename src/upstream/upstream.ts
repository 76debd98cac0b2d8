/**
 * The client engine of the upstream services. The datasources declare operations here; each operation
 * call passes these stages:
 *
 *   breaker (per operation) → batcher or coalescer (shares calls between requests) → retries and
 *   bulkhead (per upstream) → transport → load balancer and discovery → HTTP or gRPC client
 *
 * Reads are shared and retried within the deadlines of the requests that wait for them; writes are sent
 * once and run to their end. Responses are untrusted: a decoder validates each one. A client never
 * sees an upstream's name, message, status or header; a client's deadline or disconnect never
 * counts as an upstream failure. The engine knows nothing of GraphQL or of the domain.
 */

import { Batcher, type Lane } from './batcher.ts';
import type { CallContext, CallWaiters } from './call-context.ts';
import { createBreaker } from './circuit-breaker.ts';
import type { Target } from './client.ts';
import { Coalescer } from './coalescer.ts';
import { ConcurrencyLimit } from './concurrency-limit.ts';
import { foreignIssuerError, isSplittable, toBffError } from './errors.ts';
import { createForwardOperations } from './forward.ts';
import { observeAccess } from './observe-call.ts';
import { createCallPolicy, RetryBudget } from './resilience.ts';
import {
  createTransport,
  type Decoder,
  type OutgoingCall,
  type TransportOptions,
} from './transport.ts';
import { createViewerAssertion } from './viewer-assertion.ts';
import { createWriteOperations, createWriteRunner } from './write.ts';

export type { Lane } from './batcher.ts';
export type { Forward } from './forward.ts';
export type { UpstreamReply } from './transport.ts';

/** The maximum number of keys in one call (contract of the services). */
const MAX_KEYS_PER_CALL = 100;
/** The maximum number of objects requested in one call, unless a single key exceeds it. */
const MAX_ITEMS_PER_CALL = 1_000;

export interface UpstreamOptions extends TransportOptions {
  /** The key that signs viewer assertions. */
  readonly viewerKey: string | undefined;
  /** The timeout of one attempt of a read, in milliseconds. */
  readonly attemptTimeoutMs: number;
  /** The timeout of a write, in milliseconds. */
  readonly writeTimeoutMs: number;
  /** The event loop utilization of this process, 0 to 1. */
  readonly utilization: () => number;
  /** The count of writes that this process knows of, over all upstreams. */
  readonly writes: { seen: number };
}

/** What datasources use. */
export type Upstream = Omit<ReturnType<typeof createUpstream>, 'forward'>;

/**
 * Creates the client of one service, once per process. Its operations share the connections, the
 * bulkhead and the retry budget; each operation has its own breaker and concurrency limit.
 *
 * Operations throw only BffErrors: UPSTREAM_TIMEOUT, UPSTREAM_UNAVAILABLE, FORBIDDEN for a viewer whose
 * token is not exchanged, or those of a decoder.
 */
export function createUpstream(options: UpstreamOptions) {
  const { name, attemptTimeoutMs: timeoutMs, utilization, writes, log, metrics } = options;
  const transport = createTransport(options);
  const { subjectIssuer } = transport;
  const viewerTokenOf = ({ viewerToken }: CallContext) =>
    subjectIssuer === undefined ? undefined : viewerToken;
  /** True for a viewer with a token that the token endpoint must not see. */
  const isOfForeignIssuer = ({ viewer, viewerToken }: CallContext) =>
    subjectIssuer !== undefined &&
    viewerToken !== undefined &&
    !('issuer' in viewer && viewer.issuer === subjectIssuer);
  const budget = new RetryBudget();
  const callPolicy = createCallPolicy(budget, () => metrics.countRetry(name));
  const viewerHeaders = createViewerAssertion(options.viewerKey, name);
  const timing = { minBudgetMs: timeoutMs, timeoutMs };
  const readBreaker = (operation: string, concurrency: ConcurrencyLimit) =>
    createBreaker({
      operation: `${name}.${operation}`,
      ...timing,
      probeBudgetMs: 2 * timeoutMs,
      maxProbeWaitMs: () => concurrency.overdueMs,
      log,
    });

  const runnerFor = createWriteRunner(options);
  const shared = { transport, viewerHeaders, viewerTokenOf, isOfForeignIssuer, runnerFor };
  const forwarding = createForwardOperations({
    ...options,
    ...shared,
    readBreaker: (operation) => readBreaker(operation, new ConcurrencyLimit()),
    // A bulkhead of its own: clients that read slowly must not take the slots of other calls.
    callPolicy: createCallPolicy(budget),
  });

  return {
    /** Declares a read that takes many keys in one call, shared by all requests of the process. */
    batch<Body, V>(
      operation: string,
      {
        target,
        read,
        missingKeyError,
      }: {
        readonly target: (keys: readonly string[], lane: Lane) => Target;
        readonly read: (
          keys: readonly string[],
          lane: Lane,
        ) => Decoder<Body, ReadonlyMap<string, V>>;
        /** The error for a key that is missing from the response. */
        readonly missingKeyError: () => Error;
      },
    ) {
      const id = `${name}.${operation}`;
      const concurrency = new ConcurrencyLimit(utilization);
      const breaker = readBreaker(operation, concurrency);
      metrics.watch({
        upstream: name,
        operation,
        circuit: breaker.state,
        concurrencyLimit: () => concurrency.limit,
      });
      const batcher = new Batcher<V>({
        maxKeys: ({ first = 1 }) =>
          Math.min(MAX_KEYS_PER_CALL, Math.max(1, Math.floor(MAX_ITEMS_PER_CALL / first))),
        limit: () => concurrency.limit,
        overdueMs: () => concurrency.overdueMs,
        sendBy: ({ loads }) => (concurrency.isBusy && loads?.sendBy(id)) || 0,
        missingKeyError,
        mayHalve: (error) => isSplittable(error) && budget.spend(2),
        send: (keys, lane, waiters) => {
          const callTarget = target(keys, lane);
          const attempt = (retries: number) =>
            transport.send(
              {
                operation,
                keys: keys.length,
                method: 'GET',
                target: callTarget,
                items: keys.length * (lane.first ?? 1),
                isForViewer: false,
                viewerToken: lane.viewerToken,
                retries,
                minBudgetMs: timeoutMs,
                timeoutMs,
              },
              waiters,
              read(keys, lane),
            );
          return callPolicy.read(
            (retries) => concurrency.time(() => attempt(retries)),
            waiters.signal,
            (error) => !breaker.isProbing() && (keys.length === 1 || !isSplittable(error)),
          );
        },
      });
      /** @returns the value of each key, or its error, which is a BffError */
      return (
        keys: readonly string[],
        call: CallContext,
        lane?: Omit<Lane, 'locale' | 'viewerToken'>,
      ): Promise<(V | Error)[]> => {
        if (isOfForeignIssuer(call)) return Promise.resolve(keys.map(foreignIssuerError));
        const fullLane = { ...lane, locale: call.locale, viewerToken: viewerTokenOf(call) };
        const end = call.loads?.start(id, concurrency.medianMs);
        const values = observeAccess(id, call, (call) => {
          const load = (key: string) =>
            breaker.run(call, (call) => batcher.load(key, fullLane, call)).catch(toBffError);
          return Promise.all(keys.map(load));
        });
        if (end) void values.then(end, end);
        return values;
      };
    },

    /**
     * Declares a read without a batch form. Concurrent requests for the same target share a call.
     * @param scope - `viewer`: the call identifies the viewer, and only requests of the same viewer
     *   share it; `public`: the response is the same for all viewers whom the BFF's rules allow to read
     */
    read(operation: string, scope: 'public' | 'viewer') {
      const concurrency = new ConcurrencyLimit();
      const breaker = readBreaker(operation, concurrency);
      metrics.watch({ upstream: name, operation, circuit: breaker.state });
      const coalescer = new Coalescer();

      return <Body, T>(
        { target, items }: Pick<OutgoingCall, 'target' | 'items'>,
        call: CallContext,
        read: Decoder<Body, T>,
      ): Promise<T> => {
        if (isOfForeignIssuer(call)) return Promise.reject(foreignIssuerError());
        const viewerToken = viewerTokenOf(call);
        const send = async (waiters: CallWaiters) => {
          const isForViewer = scope === 'viewer';
          const headers = isForViewer ? await viewerHeaders(call.viewer) : {};
          const request = {
            operation,
            method: 'GET',
            target,
            items,
            headers,
            viewerToken,
          } as const;
          const outgoing = { ...request, isForViewer, ...timing };
          return callPolicy.read(
            (retries) =>
              concurrency.time(() => transport.send({ ...outgoing, retries }, waiters, read)),
            waiters.signal,
            () => !breaker.isProbing(),
          );
        };
        const viewer = scope === 'viewer' && 'id' in call.viewer ? call.viewer : undefined;
        const viewerKey = viewer && `${viewer.role}:${viewer.id}`;
        const key = JSON.stringify([writes.seen, call.locale, viewerKey, viewerToken, target.path]);
        return observeAccess(`${name}.${operation}`, call, (call) =>
          breaker.run(call, (call) => coalescer.join(key, call, send)).catch(rethrow),
        );
      };
    },

    /** Declares a write (see write.ts). */
    write: createWriteOperations({ ...options, ...shared, callPolicy }),

    /** Declares a route whose requests are forwarded (see forward.ts). */
    forward: forwarding.declare,

    close() {
      forwarding.close();
      transport.close();
    },
  };
}

function rethrow(error: unknown): never {
  throw toBffError(error);
}
