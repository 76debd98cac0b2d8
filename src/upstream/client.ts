import type { Readable } from 'node:stream';
import { UpstreamFailure } from './errors.ts';
import type { Freshness } from './freshness.ts';

/** The size limit of a response with no items. */
const BASE_BYTES = 256 * 1024;
/** More than the largest object of any contract needs. */
const MAX_BYTES_PER_ITEM = 4 * 1024;
/** The maximum idle time of a connection that a write uses: an older one may be closed by now. */
export const MAX_WRITE_IDLE_MS = 50;
/** The media types of JSON. */
export const JSON_TYPE = /^application\/([\w.+-]+\+)?json\b/i;
/** 4xx statuses that reject the caller (this service), not the request. */
const CALLER_REJECTED_STATUSES = new Set([401, 403, 407, 408, 425, 429]);

export type Parameter = string | number | boolean | readonly string[] | null | undefined;

/** What a call reads or changes: over HTTP its URL, over gRPC the fields of its request message. */
export interface Target {
  /** Path and query, percent-encoded. */
  readonly path: string;
  /** The parameters of the path, by name. */
  readonly parameters: Readonly<Record<string, Parameter>>;
}

/** A call to one instance of an upstream, described for all protocols. */
export interface ClientCall {
  /** The instance (see load-balancer.ts). */
  readonly baseUrl: string;
  /** The name of the operation, which is also that of its gRPC method. */
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly target: Target;
  /** Headers, which are metadata over gRPC. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body of a write; over gRPC, further fields of the message. */
  readonly json?: object | undefined;
  readonly timeoutMs: number;
  /** The number of requested objects, which determines the size limit of the response; default 1. */
  readonly items?: number | undefined;
}

/** An upstream's response that a datasource can use: 2xx, or a 4xx about the request itself. */
export interface ClientReply {
  /** The HTTP status, or the one that stands for the gRPC status. */
  readonly status: number;
  /** A JSON object, not validated any further. */
  readonly body: object;
  /** Undefined if the response has no caching headers. */
  readonly freshness: Freshness | undefined;
}

/** The client of one upstream in one protocol. It sends each call once: retries belong to resilience.ts. */
export interface UpstreamClient {
  /** @throws UpstreamFailure for every outcome but a usable response */
  send(call: ClientCall, signal: AbortSignal): Promise<ClientReply>;
  close(): void;
}

export const maxResponseBytes = ({ items = 1 }: Pick<ClientCall, 'items'>): number =>
  BASE_BYTES + items * MAX_BYTES_PER_ITEM;

/**
 * @param description - of the status, for the log
 * @throws UpstreamFailure for a status that is not about the request itself
 */
export function checkStatus(status: number, description = `status ${status}`): void {
  const isUsable = status >= 200 && status < 500 && (status < 300 || status >= 400);
  if (!isUsable || CALLER_REJECTED_STATUSES.has(status)) {
    throw new UpstreamFailure('status', description, { status });
  }
}

/** The upstream closed a reused connection, or refused a call on it, which is no failure of its own. */
export class ClosedConnection extends UpstreamFailure {
  constructor(cause: unknown) {
    super('connection', 'reused connection closed', { cause });
  }
}

/** Sends a call, and once more on a new connection after a ClosedConnection. */
export async function sendWithRepeat(
  call: ClientCall,
  send: (call: ClientCall, isRepeated: boolean) => Promise<ClientReply>,
): Promise<ClientReply> {
  const startedAt = performance.now();
  try {
    return await send(call, false);
  } catch (error) {
    if (!(error instanceof ClosedConnection)) throw error;
    const timeoutMs = Math.max(1, call.timeoutMs - (performance.now() - startedAt));
    return send({ ...call, timeoutMs }, true);
  }
}

export const malformed = (reason: string, cause?: unknown) =>
  new UpstreamFailure('malformed', `malformed response: ${reason}`, { cause });

/** Stops reading a body that nobody wants. */
export function discardBody(body: Readable | string | null): void {
  if (body !== null && typeof body === 'object') body.on('error', () => {}).destroy();
}
