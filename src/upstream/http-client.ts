import { type AgentOptions, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import got, { type Got, type Method, type Request, type Response, TimeoutError } from 'got';
import type { ClientTls } from '../config/index.ts';
import { UpstreamFailure } from './errors.ts';
import { type Freshness, freshnessOf } from './freshness.ts';

/** The size limit of a response with no items. */
const BASE_BYTES = 256 * 1024;
/** More than the largest object of any contract needs. */
const MAX_BYTES_PER_ITEM = 4 * 1024;
/** The maximum idle time of a connection that a write uses: an older one may be closed by now. */
const MAX_WRITE_IDLE_MS = 50;
/** Error codes of a connection that the upstream has closed. */
const CLOSED_CONNECTION_CODES = new Set(['ECONNRESET', 'EPIPE']);
/** 4xx statuses that reject the caller (this service), not the request. */
const CALLER_REJECTED_STATUSES = new Set([401, 403, 407, 408, 425, 429]);
const JSON_TYPE = /^application\/([\w.+-]+\+)?json\b/i;

/** An upstream's response that a datasource can use: 2xx, or a 4xx about the request itself. */
export interface HttpReply {
  readonly status: number;
  /** A JSON object, not validated any further. */
  readonly body: object;
  /** Undefined if the response has no caching headers. */
  readonly freshness: Freshness | undefined;
}

export interface HttpCall {
  readonly url: string;
  readonly method: Method;
  readonly headers: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly timeoutMs: number;
  /** The number of requested objects, which determines the size limit of the response; default 1. */
  readonly items?: number | undefined;
}

export type HttpClient = ReturnType<typeof createHttpClient>;

const createAgents = (options: AgentOptions & ClientTls) => ({
  http: new HttpAgent(options),
  https: new HttpsAgent(options),
});

/**
 * The HTTP client of one upstream. It sends each call once: retries belong to resilience.ts. The one
 * exception is a read on a reused connection that the upstream closed before the request reached it:
 * this is not a failure of the upstream, and the read is repeated on a new connection (RFC 9112
 * §9.3.1). A write cannot be repeated, so it never uses a connection that was idle for long.
 */
export function createHttpClient(tls: ClientTls = {}) {
  const agents = {
    read: createAgents({ ...tls, keepAlive: true }),
    write: createAgents({ ...tls, keepAlive: true, timeout: MAX_WRITE_IDLE_MS }),
    newConnection: createAgents({ ...tls, keepAlive: false }),
  };
  const client = got.extend({
    decompress: false,
    followRedirect: false,
    retry: { limit: 0 },
    throwHttpErrors: false,
  });
  const readClient = client.extend({ agent: agents.read });
  const writeClient = client.extend({ agent: agents.write });
  const newConnectionClient = client.extend({ agent: agents.newConnection });

  async function send(
    { url, method, headers, json, timeoutMs, items = 1 }: HttpCall,
    signal: AbortSignal,
    client: Got,
  ): Promise<HttpReply> {
    const stream = client.stream(url, {
      method,
      headers,
      timeout: { request: timeoutMs },
      signal,
      ...(json ? { json } : {}),
    });
    // got keeps the stream open for methods that may have a body.
    if (method !== 'GET' && !json) stream.end();
    try {
      return await readReply(stream, BASE_BYTES + items * MAX_BYTES_PER_ITEM);
    } catch (error) {
      // Stops reading the rest of the response.
      stream.destroy();
      throw isClosedConnection(stream, error)
        ? new ClosedConnection(error)
        : toFailure(error, signal);
    }
  }

  return {
    /** @throws UpstreamFailure for every outcome but a usable response */
    async send(call: HttpCall, signal: AbortSignal): Promise<HttpReply> {
      if (call.method !== 'GET') return send(call, signal, writeClient);
      const startedAt = performance.now();
      try {
        return await send(call, signal, readClient);
      } catch (error) {
        if (!(error instanceof ClosedConnection)) throw error;
        const timeoutMs = Math.max(1, call.timeoutMs - (performance.now() - startedAt));
        return send({ ...call, timeoutMs }, signal, newConnectionClient);
      }
    },
    close() {
      for (const { http, https } of Object.values(agents)) {
        http.destroy();
        https.destroy();
      }
    },
  };
}

/** The upstream closed a reused connection before a response began. */
class ClosedConnection extends UpstreamFailure {
  constructor(cause: unknown) {
    super('connection', 'reused connection closed', { cause });
  }
}

const isClosedConnection = ({ reusedSocket, response }: Request, error: unknown): boolean =>
  reusedSocket === true &&
  response === undefined &&
  CLOSED_CONNECTION_CODES.has((error as NodeJS.ErrnoException).code ?? '');

/** Reads a stream and counts its bytes; got's promise API takes an eighth more time. */
async function readReply(stream: Request, maxBytes: number): Promise<HttpReply> {
  const { statusCode: status, headers, body } = await collect(stream, maxBytes);
  const isUsable = status >= 200 && status < 500 && (status < 300 || status >= 400);
  if (!isUsable || CALLER_REJECTED_STATUSES.has(status)) {
    throw new UpstreamFailure('status', `status ${status}`, { status });
  }
  if (headers['content-encoding'])
    throw malformed(`content-encoding ${headers['content-encoding']}`);
  const type = headers['content-type'] ?? '';
  if (!JSON_TYPE.test(type)) throw malformed(`content-type "${type}"`);
  return { status, body: parse(body), freshness: freshnessOf(status, headers) };
}

type Collected = Pick<Response, 'statusCode' | 'headers'> & { readonly body: string };

const collect = (stream: Request, maxBytes: number): Promise<Collected> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    stream.on('error', reject);
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) reject(malformed(`more than ${maxBytes} bytes`));
      else chunks.push(chunk);
    });
    // No call requests an upgrade, and the socket would stay open.
    stream.once('upgrade', (_response: unknown, socket: Duplex) => {
      socket.destroy();
      reject(new UpstreamFailure('status', 'status 101', { status: 101 }));
    });
    stream.once('end', () => {
      const { statusCode, headers } = stream.response as Response;
      resolve({ statusCode, headers, body: Buffer.concat(chunks).toString() });
    });
  });

function parse(body: string): object {
  const value: unknown = JSON.parse(body);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed('not a JSON object');
  }
  return value;
}

function toFailure(error: unknown, signal: AbortSignal): UpstreamFailure {
  if (signal.aborted && signal.reason instanceof UpstreamFailure) return signal.reason;
  if (error instanceof UpstreamFailure) return error;
  if (error instanceof SyntaxError) return malformed('not JSON', error);
  if (error instanceof TimeoutError) {
    return new UpstreamFailure('timeout', error.message, { cause: error });
  }
  return new UpstreamFailure('connection', (error as Error).message, { cause: error });
}

const malformed = (reason: string, cause?: unknown) =>
  new UpstreamFailure('malformed', `malformed response: ${reason}`, { cause });
