import { type AgentOptions, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import got, { type Got, type Method, type Request, type Response, TimeoutError } from 'got';
import { UpstreamFailure } from './errors.ts';
import { type Freshness, freshnessOf } from './freshness.ts';

/** Of an answer, whatever was asked for. */
const BASE_BYTES = 256 * 1024;
/** More than the largest object of a contract takes. */
const BYTES_PER_ITEM = 4 * 1024;
const JSON_TYPE = /^application\/([\w.+-]+\+)?json\b/i;

/** An upstream's answer that means something to a datasource: 2xx, or a 4xx about the request itself. */
export interface HttpReply {
  readonly status: number;
  /** An object; nothing else of it is known. */
  readonly body: object;
  /** Undefined if it says nothing of caching. */
  readonly freshness: Freshness | undefined;
}

export interface HttpCall {
  readonly url: string;
  readonly method: Method;
  readonly headers: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly timeoutMs: number;
  /** How many objects are asked for, which says how large an answer may be; 1 unless given. */
  readonly items?: number | undefined;
}

/** A write leaves on a connection that was in use this recently: an older one may be closed by now. */
const MAX_WRITE_IDLE_MS = 50;
/** How a connection fails that the other side has closed. */
const CLOSED_CONNECTION = new Set(['ECONNRESET', 'EPIPE']);

/** An upstream may refuse the request (4xx); these refuse the caller instead, which is our affair. */
const NOT_ABOUT_THE_REQUEST = new Set([401, 403, 407, 408, 425, 429]);

const createAgents = (options: AgentOptions) => ({
  http: new HttpAgent(options),
  https: new HttpsAgent(options),
});

/**
 * The HTTP client of one upstream. It sends once: retries belong to resilience.ts. The one exception
 * is a read on a reused connection that the upstream closed before the request reached it: that is no
 * failure of the upstream, and the read is repeated on a new connection (RFC 9112 §9.3.1). A write
 * can't be repeated, so it takes no connection that was idle for long.
 */
export function createHttpClient() {
  const agents = {
    read: createAgents({ keepAlive: true }),
    write: createAgents({ keepAlive: true, timeout: MAX_WRITE_IDLE_MS }),
  };
  const client = got.extend({
    decompress: false,
    followRedirect: false,
    retry: { limit: 0 },
    throwHttpErrors: false,
  });
  const readClient = client.extend({ agent: agents.read });
  const writeClient = client.extend({ agent: agents.write });
  const newConnectionClient = client.extend({ agent: { http: false, https: false } });

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
    // Where there might be a body, the stream waits for one.
    if (method !== 'GET' && !json) stream.end();
    try {
      return await readReply(stream, BASE_BYTES + items * BYTES_PER_ITEM);
    } catch (error) {
      // What is not wanted is not read to its end.
      stream.destroy();
      throw isClosedConnection(stream, error)
        ? new ClosedConnection(error)
        : toFailure(error, signal);
    }
  }

  return {
    /** @throws UpstreamFailure for everything that is no meaningful answer */
    async send(exchange: HttpCall, signal: AbortSignal): Promise<HttpReply> {
      if (exchange.method !== 'GET') return send(exchange, signal, writeClient);
      const startedAt = performance.now();
      try {
        return await send(exchange, signal, readClient);
      } catch (error) {
        if (!(error instanceof ClosedConnection)) throw error;
        const timeoutMs = Math.max(1, exchange.timeoutMs - (performance.now() - startedAt));
        return send({ ...exchange, timeoutMs }, signal, newConnectionClient);
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

/** A reused connection was closed by the upstream before an answer began. */
class ClosedConnection extends UpstreamFailure {
  constructor(cause: unknown) {
    super('connection', 'a reused connection was closed', { cause });
  }
}

const isClosedConnection = ({ reusedSocket, response }: Request, error: unknown): boolean =>
  reusedSocket === true &&
  response === undefined &&
  CLOSED_CONNECTION.has((error as NodeJS.ErrnoException).code ?? '');

/** As a stream, whose bytes are counted as they come: got's promises take an eighth more time. */
async function readReply(stream: Request, mostBytes: number): Promise<HttpReply> {
  const { statusCode: status, headers, body } = await collect(stream, mostBytes);
  const isMeaningful = status >= 200 && status < 500 && (status < 300 || status >= 400);
  if (!isMeaningful || NOT_ABOUT_THE_REQUEST.has(status)) {
    throw new UpstreamFailure('status', `answered ${status}`, { status });
  }
  if (headers['content-encoding']) throw malformed(`encoded as ${headers['content-encoding']}`);
  const type = headers['content-type'] ?? '';
  if (!JSON_TYPE.test(type)) throw malformed(`of type "${type}"`);
  return { status, body: parse(body), freshness: freshnessOf(status, headers) };
}

type Collected = Pick<Response, 'statusCode' | 'headers'> & { readonly body: string };

const collect = (stream: Request, mostBytes: number): Promise<Collected> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    stream.on('error', reject);
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > mostBytes) reject(malformed(`more than ${mostBytes} bytes`));
      else chunks.push(chunk);
    });
    // Nobody asked for another protocol, and its socket would stay open.
    stream.once('upgrade', (_response: unknown, socket: Duplex) => {
      socket.destroy();
      reject(new UpstreamFailure('status', 'answered 101', { status: 101 }));
    });
    stream.once('end', () => {
      const { statusCode, headers } = stream.response as Response;
      resolve({ statusCode, headers, body: Buffer.concat(chunks).toString() });
    });
  });

function parse(body: string): object {
  const value: unknown = JSON.parse(body);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed('no JSON object');
  }
  return value;
}

function toFailure(error: unknown, signal: AbortSignal): UpstreamFailure {
  if (signal.aborted && signal.reason instanceof UpstreamFailure) return signal.reason;
  if (error instanceof UpstreamFailure) return error;
  if (error instanceof SyntaxError) return malformed('no JSON', error);
  if (error instanceof TimeoutError) {
    return new UpstreamFailure('timeout', error.message, { cause: error });
  }
  return new UpstreamFailure('connection', (error as Error).message, { cause: error });
}

const malformed = (what: string, cause?: unknown) =>
  new UpstreamFailure('malformed', `the answer is ${what}`, { cause });
