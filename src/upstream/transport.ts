import { BffError } from '../errors.ts';
import type { Log } from '../telemetry/log.ts';
import type { CallWaiters } from './call-context.ts';
import { createDiscovery } from './discovery.ts';
import { isAbandoned, isCallerRefused, isIndependentOfCaller, UpstreamFailure } from './errors.ts';
import { createHttpClient, type HttpCall, type HttpReply } from './http-client.ts';
import { recordOutcome, selectInstance } from './load-balancer.ts';
import { requestHeaders } from './request-headers.ts';

/** An upstream's answer, typed as its contract says; readers check it (see decode.ts). */
export interface UpstreamReply<Body> {
  readonly status: number;
  readonly body: Body;
}

/**
 * Turns an answer into what the caller wants. What it throws counts as a malformed answer, unless
 * it is a BffError.
 */
export type Decoder<Body, T> = (reply: UpstreamReply<Body>) => T;

export interface TransportOptions {
  /** For the log, and as the audience of the viewer's signed identity. */
  readonly name: string;
  readonly urls: readonly URL[];
  readonly dnsServers: readonly string[];
  /** The bearer token of this service for its upstreams. */
  readonly token: string | undefined;
  readonly log: Log;
}

/** What is sent; `headers` come on top of those that every call has. */
export interface OutgoingCall extends Pick<HttpCall, 'method' | 'json' | 'timeoutMs' | 'items'> {
  readonly operation: string;
  /** The least time, in milliseconds, that the call must have left for a 5xx to count. */
  readonly minBudgetMs: number;
  /** Whether the upstream is told the viewer, so that it may refuse this one viewer. */
  readonly isForViewer: boolean;
  /** Path and query, encoded (see target.ts). */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends calls to one of the upstream's instances, each once. */
export function createTransport(options: TransportOptions) {
  const { name, urls, dnsServers, token, log } = options;
  const http = createHttpClient();
  const discovery = createDiscovery(urls, dnsServers, log);
  let turn = 0;

  function logFailure(
    err: unknown,
    operation: string,
    requestId: string | undefined,
    members: CallWaiters,
  ) {
    if (err instanceof BffError) return;
    const requests = members.requesters.map((call) => call.requestId);
    const where = { upstream: name, operation, requestId, requests };
    if (!(err instanceof UpstreamFailure)) return log.error({ err, ...where }, 'unexpected error');
    const { kind, status, message: reason } = err;
    log.warn({ ...where, kind, status, reason }, 'upstream failed');
  }

  return {
    /** @throws UpstreamFailure; BffError if `read` throws one, or the deadline has passed */
    async send<Body, T>(
      sending: OutgoingCall,
      members: CallWaiters,
      read: Decoder<Body, T>,
    ): Promise<T> {
      const { operation, target, minBudgetMs: patienceMs, isForViewer, ...rest } = sending;
      const headers = { ...requestHeaders(members, token), ...sending.headers };
      const instances = await discovery.instances();
      if (instances.length === 0) throw new UpstreamFailure('connection', 'no instance is known');
      const instance = selectInstance(instances, turn++);
      const since = performance.now();
      const isPatient = members.expiresAt - since >= patienceMs;
      instance.inFlight++;
      try {
        const url = instance.baseUrl + target;
        const reply = await http.send({ ...rest, headers, url }, members.signal);
        const value = decode(reply, read);
        reportFreshness(reply, members);
        recordOutcome(instance, false, since);
        return value;
      } catch (error) {
        const isOfCaller = isAbandoned(error) || (isForViewer && isCallerRefused(error));
        if (!isOfCaller && (isPatient || isIndependentOfCaller(error))) {
          recordOutcome(instance, error instanceof UpstreamFailure, since);
        }
        logFailure(error, operation, headers['x-request-id'], members);
        throw error;
      } finally {
        instance.inFlight--;
      }
    },

    close() {
      discovery.close();
      http.close();
    },
  };
}

export type Transport = ReturnType<typeof createTransport>;

function reportFreshness({ freshness }: HttpReply, members: CallWaiters): void {
  if (!freshness) return;
  const { maxAge, isPrivate } = freshness;
  for (const { recorder } of members.current()) recorder?.limitFreshness?.(maxAge, isPrivate);
}

function decode<Body, T>({ status, body }: HttpReply, read: Decoder<Body, T>): T {
  try {
    return read({ status, body: body as Body });
  } catch (error) {
    if (error instanceof BffError) throw error;
    throw new UpstreamFailure('malformed', (error as Error).message, { cause: error });
  }
}
