import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import got, { type Method, type Request, type Response, TimeoutError } from 'got';
import { UpstreamFailure } from './failure.ts';
import { type Freshness, freshnessOf } from './freshness.ts';

/** Of an answer, whatever was asked for. */
const BASE_BYTES = 256 * 1024;
/** More than the largest object of a contract takes. */
const BYTES_PER_ITEM = 4 * 1024;
const JSON_TYPE = /^application\/([\w.+-]+\+)?json\b/i;

/** An upstream's answer that means something to a datasource: 2xx, or a 4xx about the request itself. */
export interface Reply {
  readonly status: number;
  /** An object; nothing else of it is known. */
  readonly body: object;
  /** Undefined if it says nothing of caching. */
  readonly freshness: Freshness | undefined;
}

export interface Exchange {
  readonly url: string;
  readonly method: Method;
  readonly headers: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly timeoutMs: number;
  /** How many objects are asked for, which says how large an answer may be; 1 unless given. */
  readonly items?: number | undefined;
}

/** An upstream may refuse the request (4xx); these refuse the caller instead, which is our affair. */
const NOT_ABOUT_THE_REQUEST = new Set([401, 403, 407, 408, 425, 429]);

/** The HTTP client of one upstream. It sends once: retries are the affair of resilience.ts. */
export function createHttpClient() {
  const agents = {
    http: new HttpAgent({ keepAlive: true }),
    https: new HttpsAgent({ keepAlive: true }),
  };
  const client = got.extend({
    agent: agents,
    decompress: false,
    followRedirect: false,
    retry: { limit: 0 },
    throwHttpErrors: false,
  });

  return {
    /** @throws UpstreamFailure for everything that is no meaningful answer */
    async exchange(
      { url, method, headers, json, timeoutMs, items = 1 }: Exchange,
      signal: AbortSignal,
    ): Promise<Reply> {
      const timeout = { request: timeoutMs };
      const stream = client.stream(url, {
        method,
        headers,
        timeout,
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
        throw toFailure(error, signal);
      }
    },
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

/** As a stream, whose bytes are counted as they come: got's promises take an eighth more time. */
async function readReply(stream: Request, mostBytes: number): Promise<Reply> {
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
