import { BffError } from '../errors.ts';
import type { Log } from '../telemetry/log.ts';
import type { Members } from './call-context.ts';
import { discover } from './discovery.ts';
import { isAbandoned, isOfUpstreamAlone, isRefusedCaller, UpstreamFailure } from './errors.ts';
import { createHttpClient, type Exchange, type Reply as RawReply } from './http-client.ts';
import { learn, pick } from './load-balancer.ts';
import { headersFor } from './request-headers.ts';

/** An upstream's answer, typed as its contract says; readers check it (see shape.ts). */
export interface Reply<Body> {
  readonly status: number;
  readonly body: Body;
}

/**
 * Turns an answer into what the caller wants. What it throws counts as a malformed answer, unless
 * it is a BffError.
 */
export type Read<Body, T> = (reply: Reply<Body>) => T;

export interface AttemptOptions {
  /** For the log, and as the audience of the viewer's signed identity. */
  readonly name: string;
  readonly urls: readonly URL[];
  readonly dnsServers: readonly string[];
  /** The bearer token of this service for its upstreams. */
  readonly token: string | undefined;
  readonly log: Log;
}

/** What is sent; `headers` come on top of those that every call has. */
export interface Sending extends Pick<Exchange, 'method' | 'json' | 'timeoutMs' | 'items'> {
  readonly operation: string;
  /** The least time, in milliseconds, that the call must have left for a 5xx to count. */
  readonly patienceMs: number;
  /** Whether the upstream is told the viewer, so that it may refuse this one viewer. */
  readonly isForViewer: boolean;
  /** Path and query, encoded (see target.ts). */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends calls to one of the upstream's instances, each once. */
export function createAttempts(options: AttemptOptions) {
  const { name, urls, dnsServers, token, log } = options;
  const http = createHttpClient();
  const discovery = discover(urls, dnsServers, log);
  let turn = 0;

  function tell(err: unknown, operation: string, requestId: string | undefined, members: Members) {
    if (err instanceof BffError) return;
    const requests = members.calls.map((call) => call.requestId);
    const where = { upstream: name, operation, requestId, requests };
    if (!(err instanceof UpstreamFailure)) return log.error({ err, ...where }, 'unexpected error');
    const { kind, status, message: reason } = err;
    log.warn({ ...where, kind, status, reason }, 'upstream failed');
  }

  return {
    /** @throws UpstreamFailure; BffError if `read` throws one, or the deadline has passed */
    async send<Body, T>(sending: Sending, members: Members, read: Read<Body, T>): Promise<T> {
      const { operation, target, patienceMs, isForViewer, ...rest } = sending;
      const headers = { ...headersFor(members, token), ...sending.headers };
      const instances = await discovery.instances();
      if (instances.length === 0) throw new UpstreamFailure('connection', 'no instance is known');
      const instance = pick(instances, turn++);
      const since = performance.now();
      const isPatient = members.deadline - since >= patienceMs;
      instance.outstanding++;
      try {
        const url = instance.base + target;
        const reply = await http.exchange({ ...rest, headers, url }, members.signal);
        const value = understand(reply, read);
        tellFreshness(reply, members);
        learn(instance, false, since);
        return value;
      } catch (error) {
        const isOfCaller = isAbandoned(error) || (isForViewer && isRefusedCaller(error));
        if (!isOfCaller && (isPatient || isOfUpstreamAlone(error))) {
          learn(instance, error instanceof UpstreamFailure, since);
        }
        tell(error, operation, headers['x-request-id'], members);
        throw error;
      } finally {
        instance.outstanding--;
      }
    },

    close() {
      discovery.close();
      http.close();
    },
  };
}

export type Attempts = ReturnType<typeof createAttempts>;

function tellFreshness({ freshness }: RawReply, members: Members): void {
  if (!freshness) return;
  const { maxAge, isPrivate } = freshness;
  for (const { recorder } of members.waiting()) recorder?.narrowed?.(maxAge, isPrivate);
}

function understand<Body, T>({ status, body }: RawReply, read: Read<Body, T>): T {
  try {
    return read({ status, body: body as Body });
  } catch (error) {
    if (error instanceof BffError) throw error;
    throw new UpstreamFailure('malformed', (error as Error).message, { cause: error });
  }
}
