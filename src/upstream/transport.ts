import type { DescService } from '@bufbuild/protobuf';
import type { ClientTls, ServiceCredentials, ServiceTls } from '../config/index.ts';
import { BffError } from '../errors.ts';
import type { Log } from '../telemetry/log.ts';
import type { UpstreamMetrics } from '../telemetry/metrics/index.ts';
import type { CallWaiters } from './call-context.ts';
import type { ClientCall, ClientReply, UpstreamClient } from './client.ts';
import { createCredentials } from './credentials.ts';
import { createDiscovery } from './discovery.ts';
import {
  isAbandoned,
  isCallerRefused,
  isIndependentOfCaller,
  isUnauthorized,
  UpstreamFailure,
} from './errors.ts';
import { createHttpClient } from './http-client.ts';
import { recordOutcome, selectInstance } from './load-balancer.ts';
import { observeCall } from './observe-call.ts';
import { createReloadingClient } from './reloading-client.ts';
import { requestHeaders } from './request-headers.ts';

/** An upstream's response with the type of its contract; decoders validate it (see decode.ts). */
export interface UpstreamReply<Body> {
  readonly status: number;
  readonly body: Body;
}

/**
 * Converts a response to a model. Errors count as a malformed response, except a BffError, which is
 * rethrown.
 */
export type Decoder<Body, T> = (reply: UpstreamReply<Body>) => T;

export interface TransportOptions {
  /** The service's name in the log, and the audience of the viewer assertion. */
  readonly name: string;
  readonly urls: readonly URL[];
  readonly dnsServers: readonly string[];
  /** How calls are authenticated; undefined for no credential. */
  readonly credentials?: ServiceCredentials | undefined;
  readonly tls?: ServiceTls | undefined;
  /** Loads the description of the service's gRPC methods, for grpc(s) addresses. */
  readonly grpcService?: (() => Promise<DescService>) | undefined;
  readonly log: Log;
  readonly metrics: UpstreamMetrics;
}

/** A call to send; `headers` are added to those of every call. */
export interface OutgoingCall extends Omit<ClientCall, 'baseUrl' | 'headers'> {
  /** The number of keys of a batch. */
  readonly keys?: number;
  /** The number of times that the same read has been sent before. */
  readonly retries?: number;
  /** The minimum time, in milliseconds, that must remain until the deadline for a 5xx to count. */
  readonly minBudgetMs: number;
  /** True if the call identifies the viewer, whom the upstream may then reject (4xx). */
  readonly isForViewer: boolean;
  /** The token of the viewer to exchange for that of the call; undefined for this service's own. */
  readonly viewerToken?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The instance that was selected for an attempt. */
export interface Destination {
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: ClientTls;
}

/** The response of an instance. */
export interface Exchanged<T> {
  readonly status: number;
  readonly value: T;
  /**
   * For a response whose body is streamed: settles when the body ends, and rejects with an
   * UpstreamFailure if it breaks off.
   */
  readonly ended?: Promise<void> | undefined;
}

/** Sends each call once, to one of the upstream's instances. */
export function createTransport(options: TransportOptions) {
  const { name, urls, dnsServers, tls = { files: {} }, log, metrics } = options;
  const client = createReloadingClient(clientOf(options), tls, { name, log });
  const credentials = createCredentials(options.credentials, { name, log });
  const discovery = createDiscovery(urls, dnsServers, log);
  let turn = 0;

  function logFailure(
    err: unknown,
    operation: string,
    requestId: string | undefined,
    waiters: CallWaiters,
  ) {
    if (err instanceof BffError) return;
    const requests = waiters.requesters.map((call) => call.requestId);
    const fields = { upstream: name, operation, requestId, requests };
    if (!(err instanceof UpstreamFailure)) return log.error({ err, ...fields }, 'unexpected error');
    const { kind, status, message: reason } = err;
    log.warn({ ...fields, kind, status, reason }, 'upstream failed');
  }

  /**
   * Selects an instance for one attempt, adds the headers of every call, and records the outcome. The
   * instance counts as busy until the response has ended.
   */
  async function attempt<T>(
    call: Omit<OutgoingCall, 'target'>,
    waiters: CallWaiters,
    exchange: (destination: Destination) => Promise<Exchanged<T>>,
  ): Promise<Exchanged<T>> {
    const { operation, method, keys, retries = 0, minBudgetMs, viewerToken } = call;
    const isForViewer = call.isForViewer || viewerToken !== undefined;
    const given = credentials.tokenFor(viewerToken);
    const token = given instanceof Promise ? await given : given;
    const known = discovery.instances();
    const instances = known instanceof Promise ? await known : known;
    if (instances.length === 0) throw new UpstreamFailure('connection', 'no known instance');
    const instance = selectInstance(instances, turn++);
    const description = { upstream: name, operation, keys, method, retries, instance };
    const observed = observeCall(description, waiters, metrics);
    const headers = Object.assign(requestHeaders(waiters, token, observed.span), call.headers);
    const startedAt = performance.now();
    const hasFullBudget = waiters.expiresAt - startedAt >= minBudgetMs;

    function succeed(status: number): void {
      recordOutcome(instance, false, startedAt);
      observed.succeed(status);
    }

    function fail(error: unknown): void {
      observed.fail(error);
      if (token && isUnauthorized(error)) credentials.refused(viewerToken, token);
      const isCallersFault = isAbandoned(error) || (isForViewer && isCallerRefused(error));
      if (!isCallersFault && (hasFullBudget || isIndependentOfCaller(error))) {
        recordOutcome(instance, error instanceof UpstreamFailure, startedAt);
      }
      logFailure(error, operation, headers['x-request-id'], waiters);
    }

    let streamed: Promise<void> | undefined;
    instance.inFlight++;
    try {
      const { baseUrl } = instance;
      const exchanged = await exchange({ baseUrl, headers, tls: client.currentTls() });
      const { status, ended } = exchanged;
      if (ended) streamed = ended.then(() => succeed(status), fail);
      else succeed(status);
      return exchanged;
    } catch (error) {
      fail(error);
      throw error;
    } finally {
      if (streamed) void streamed.finally(() => instance.inFlight--);
      else instance.inFlight--;
    }
  }

  return {
    /** The issuer whose tokens are exchanged for those of calls; undefined if none are. */
    subjectIssuer: credentials.subjectIssuer,

    /** @throws UpstreamFailure; BffError if `read` throws one, or after the deadline */
    async send<Body, T>(
      call: OutgoingCall,
      waiters: CallWaiters,
      read: Decoder<Body, T>,
    ): Promise<T> {
      const { value } = await attempt(call, waiters, async ({ baseUrl, headers }) => {
        const reply = await client.send({ ...call, baseUrl, headers }, waiters.signal);
        const decoded = decode(reply, read);
        reportFreshness(reply, waiters);
        return { status: reply.status, value: decoded };
      });
      return value;
    },

    /** Sends a call with an exchange of its own. @throws UpstreamFailure, and what `exchange` throws */
    attempt,

    close() {
      discovery.close();
      credentials.close();
      client.close();
    },
  };
}

export type Transport = ReturnType<typeof createTransport>;

/** Selects the protocol of the addresses; there are none of two protocols. */
function clientOf({ urls, grpcService }: TransportOptions): (tls: ClientTls) => UpstreamClient {
  const isGrpc = /^(srv\+)?grpcs?:$/.test(urls[0]?.protocol ?? '');
  if (!grpcService || !isGrpc) return createHttpClient;
  // The libraries take memory and time to load, which a process without such an upstream saves.
  const loading = Promise.all([import('./grpc-client.ts'), grpcService()]);
  return (tls) => {
    const created = loading.then(([{ createGrpcClient }, service]) =>
      createGrpcClient(service, tls),
    );
    return {
      send: async (call, signal) => (await created).send(call, signal),
      close: () => void created.then((client) => client.close()),
    };
  };
}

function reportFreshness({ freshness }: ClientReply, waiters: CallWaiters): void {
  if (!freshness) return;
  const { maxAge, isPrivate } = freshness;
  for (const { recorder } of waiters.current()) recorder?.limitFreshness?.(maxAge, isPrivate);
}

function decode<Body, T>({ status, body }: ClientReply, read: Decoder<Body, T>): T {
  try {
    return read({ status, body: body as Body });
  } catch (error) {
    if (error instanceof BffError) throw error;
    throw new UpstreamFailure('malformed', (error as Error).message, { cause: error });
  }
}
