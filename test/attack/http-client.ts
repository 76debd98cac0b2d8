import { Agent, type ClientRequest, type IncomingHttpHeaders, request } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';

/** An HTTP request; the client adds nothing to it but a content length. */
export interface HttpRequest {
  readonly method?: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer | undefined;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Time from the first byte sent to the last one received, in milliseconds. */
  readonly ms: number;
  /** Bytes of the URL, the given headers and the body. */
  readonly sentBytes: number;
}

const TIMEOUT_MS = 30_000;
const CHUNK_BYTES = 64 * 1024;
const MAX_ATTEMPTS = 5;
const agent = new Agent({ keepAlive: true });

/**
 * Sends a request over a keep-alive connection.
 * @throws Error if the connection breaks before the response, or there is none within 30 s
 */
export async function send(sent: HttpRequest): Promise<HttpResponse> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await exchange(sent);
    } catch (error) {
      if (!(error instanceof ConnectionRace) || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

/**
 * A broken connection that is no fault of the server: it closes the connection when it rejects a long
 * body, which can discard the response while the client still sends, and it may close an idle
 * connection at the moment when the client reuses it.
 */
class ConnectionRace extends Error {}

function exchange({ method = 'GET', url, headers = {}, body }: HttpRequest): Promise<HttpResponse> {
  const start = performance.now();
  const sentBytes = sizeOf({ url, headers, body });
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method,
      agent,
      headers: { ...headers, ...(body !== undefined && { 'content-length': lengthOf(body) }) },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    let hasResponse = false;
    outgoing.on('response', (response) => {
      hasResponse = true;
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
          ms: performance.now() - start,
          sentBytes,
        }),
      );
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      const isBroken = error.code === 'EPIPE' || error.code === 'ECONNRESET';
      const isRace = outgoing.reusedSocket || sentBytes > CHUNK_BYTES;
      reject(
        isBroken && isRace ? new ConnectionRace('the connection broke', { cause: error }) : error,
      );
    });
    void write(outgoing, Buffer.from(body ?? ''), () => hasResponse);
  });
}

/** Writes the body in parts, until there is a response. */
async function write(outgoing: ClientRequest, body: Buffer, hasResponse: () => boolean) {
  for (let from = 0; from + CHUNK_BYTES < body.length; from += CHUNK_BYTES) {
    if (hasResponse() || outgoing.destroyed) return;
    outgoing.write(body.subarray(from, from + CHUNK_BYTES));
    await turn();
  }
  outgoing.end(body.subarray(Math.floor((body.length - 1) / CHUNK_BYTES) * CHUNK_BYTES));
}

const lengthOf = (body: string | Buffer): number => Buffer.byteLength(body);

function sizeOf({ url, headers = {}, body = '' }: HttpRequest): number {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const { pathname, search } = new URL(url);
  return Buffer.byteLength(pathname + search + lines.join('')) + lengthOf(body);
}

/** A POST of JSON; strings and buffers are sent as they are. */
export const jsonPost = (
  url: string,
  body: unknown,
  headers: HttpRequest['headers'] = {},
): HttpRequest => ({
  method: 'POST',
  url,
  headers: { 'content-type': 'application/json', ...headers },
  body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
});
