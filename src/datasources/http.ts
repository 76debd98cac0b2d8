import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import got, { type Got, type Method, RequestError, TimeoutError } from 'got';
import { BffError } from '../errors.ts';
import type { Log } from '../telemetry/log.ts';
import { remaining } from './resilience.ts';
import { record } from './shape.ts';

/** What the call of a request tells an upstream, and is held to. */
export interface Call {
  readonly requestId: string;
  /** When the request must be answered, on the clock of `performance.now()`. */
  readonly deadline: number;
}

/** An upstream's answer that means something to a datasource: 2xx, or a 4xx about the request itself. */
export interface Reply<Body> {
  readonly status: number;
  readonly body: Body;
}

interface Sending {
  readonly method?: Method;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Upstream {
  /**
   * Sends one request and reads the answer with `read`.
   * @param target - path and query, encoded (see target.ts)
   * @param read - turns the JSON body into what the caller wants; what it throws counts as a
   *   malformed answer
   * @throws BffError UPSTREAM_TIMEOUT after the deadline; UPSTREAM_UNAVAILABLE for everything else
   *   that is no meaningful answer. Neither names the upstream: the log does.
   */
  request<Body, T>(
    target: string,
    call: Call,
    read: (reply: Reply<Body>) => T,
    sending?: Sending,
  ): Promise<T>;
}

/** An upstream may refuse the request (4xx); these refuse the caller instead, which is our affair. */
const NOT_ABOUT_THE_REQUEST = new Set([401, 403, 407, 408, 425, 429]);

/**
 * @param name - for the log
 * @param urls - the base address of each instance, with or without a path; they take turns
 */
export function createUpstream(name: string, urls: readonly URL[], log: Log): Upstream {
  const client = createClient();
  const bases = urls.map(({ origin, pathname }) => origin + pathname.replace(/\/+$/, ''));
  let turn = 0;

  return {
    async request<Body, T>(
      target: string,
      call: Call,
      read: (reply: Reply<Body>) => T,
      sending: Sending = {},
    ) {
      const base = bases[turn++ % bases.length];
      try {
        const response = await client(`${base}${target}`, {
          ...sending,
          timeout: { request: remaining(call.deadline) },
          headers: { ...sending.headers, 'x-request-id': call.requestId },
        });
        const { statusCode: status, body } = response;
        if (status < 200 || (status >= 300 && status < 400) || status >= 500) throw refused(status);
        if (NOT_ABOUT_THE_REQUEST.has(status)) throw refused(status);
        return read({ status, body: record(JSON.parse(body)) });
      } catch (error) {
        const failure = toBffError(error);
        if (failure !== error) {
          const [path] = target.split('?', 1);
          log.warn({ err: error, upstream: name, path, requestId: call.requestId }, failure.code);
        }
        throw failure;
      }
    },
  };
}

function createClient(): Got {
  return got.extend({
    agent: { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) },
    followRedirect: false,
    retry: { limit: 0 },
    throwHttpErrors: false,
    responseType: 'text',
  }) as Got;
}

const refused = (status: number) => new Error(`answered ${status}`);

function toBffError(error: unknown): BffError {
  if (error instanceof BffError) return error;
  if (error instanceof TimeoutError) return timedOut(error);
  return new BffError('UPSTREAM_UNAVAILABLE', 'This part can not be had right now.', {
    cause: error instanceof RequestError ? error.code : error,
  });
}

const timedOut = (cause: unknown) =>
  new BffError('UPSTREAM_TIMEOUT', 'This part took too long.', { cause });
