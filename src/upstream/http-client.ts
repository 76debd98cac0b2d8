import { type AgentOptions, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import got, { type Request, type RequestFunction, type Response, TimeoutError } from 'got';
import type { ClientTls } from '../config/index.ts';
import {
  type ClientCall,
  type ClientReply,
  checkStatus,
  JSON_TYPE,
  MAX_WRITE_IDLE_MS,
  malformed,
  maxResponseBytes,
  sendWithRepeat,
  type UpstreamClient,
} from './client.ts';
import { UpstreamFailure } from './errors.ts';
import { freshnessOf } from './freshness.ts';
import { ReadConnections, ReadExchange } from './read-exchange.ts';

/** Adds the headers of every call to those of the transport. */
const withAccept = (headers: ClientCall['headers']) => ({
  ...headers,
  accept: 'application/json',
  // A compressed body could expand without bounds; inside one network compression gains little.
  'accept-encoding': 'identity',
});

const createAgents = (options: AgentOptions & ClientTls) => ({
  http: new HttpAgent(options),
  https: new HttpsAgent(options),
});

/**
 * Creates the HTTP client of one upstream. It repeats a call in one case: a read on a reused connection
 * that the upstream closed before the request reached it. This is not a failure of the upstream, and
 * the read is sent again on a new connection (RFC 9112 §9.3.1). A write cannot be repeated, so it never
 * uses a connection that was idle for long.
 */
export function createHttpClient(tls: ClientTls = {}): UpstreamClient {
  const reused = new ReadConnections(tls, true);
  const unused = new ReadConnections(tls, false);
  const writeAgents = createAgents({ ...tls, keepAlive: true, timeout: MAX_WRITE_IDLE_MS });
  const client = got.extend({
    decompress: false,
    followRedirect: false,
    // The empty lists are copied for each call.
    retry: { limit: 0, methods: [], statusCodes: [], errorCodes: [] },
    throwHttpErrors: false,
    // For the next statement.
    mutableDefaults: true,
  });
  // got copies each of their properties for every call, and uses none of them here.
  Object.assign(client.defaults.options, { https: {}, cacheOptions: {} });
  const writeClient = client.extend({ agent: writeAgents });

  async function read(
    call: ClientCall,
    signal: AbortSignal,
    connections: ReadConnections,
  ): Promise<ClientReply> {
    const { baseUrl, target, headers, timeoutMs } = call;
    const options = { headers: withAccept(headers), timeoutMs, signal };
    const exchange = new ReadExchange(connections, options);
    // got reads only some properties of IncomingMessage.
    const request = exchange.send as unknown as RequestFunction;
    const stream = client.stream(new URL(baseUrl + target.path), { request });
    try {
      const reply = await readReply(stream, maxResponseBytes(call), exchange);
      dropReferences(stream);
      return reply;
    } catch (error) {
      const failure = toFailure(error, signal);
      exchange.fail(failure);
      stream.destroy();
      throw failure;
    }
  }

  async function write(call: ClientCall, signal: AbortSignal): Promise<ClientReply> {
    const { baseUrl, target, method, headers, json, timeoutMs } = call;
    const stream = writeClient.stream(baseUrl + target.path, {
      method,
      headers: withAccept(headers),
      timeout: { request: timeoutMs },
      signal,
      ...(json ? { json } : {}),
    });
    // got keeps the stream open for methods that may have a body.
    if (!json) stream.end();
    try {
      return await readReply(stream, maxResponseBytes(call));
    } catch (error) {
      // Stops reading the rest of the response.
      stream.destroy();
      throw toFailure(error, signal);
    }
  }

  return {
    async send(call, signal) {
      if (call.method !== 'GET') return write(call, signal);
      return sendWithRepeat(call, (call, isRepeated) =>
        read(call, signal, isRepeated ? unused : reused),
      );
    },
    close() {
      reused.close();
      unused.close();
      writeAgents.http.destroy();
      writeAgents.https.destroy();
    },
  };
}

/**
 * Drops most of what a finished read's stream refers to. V8 allocates a function of each writable stream as a
 * long-lived object, which keeps the stream until the next full garbage collection. The stream can no longer
 * fail: the exchange has ended, and got was given neither a timeout nor a signal.
 */
function dropReferences(stream: Request): void {
  stream.removeAllListeners();
  Object.assign(stream, { response: undefined, options: undefined });
}

/** Reads a stream and counts its bytes; got's promise API takes an eighth more time. */
async function readReply(
  stream: Request,
  maxBytes: number,
  exchange?: ReadExchange,
): Promise<ClientReply> {
  const { statusCode: status, headers, body } = await collect(stream, maxBytes, exchange);
  checkStatus(status);
  if (headers['content-encoding'])
    throw malformed(`content-encoding ${headers['content-encoding']}`);
  const type = headers['content-type'] ?? '';
  if (!JSON_TYPE.test(type)) throw malformed(`content-type "${type}"`);
  return { status, body: parse(body), freshness: freshnessOf(status, headers) };
}

type Collected = Pick<Response, 'statusCode' | 'headers'> & { readonly body: string };

const collect = (stream: Request, maxBytes: number, exchange?: ReadExchange): Promise<Collected> =>
  new Promise((resolve, reject) => {
    if (exchange) exchange.onFailure = reject;
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
