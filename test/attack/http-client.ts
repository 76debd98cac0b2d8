import { Agent, type ClientRequest, type IncomingHttpHeaders, request } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';

/** One HTTP request as an attacker writes it: nothing is added to it that is not asked for. */
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
  /** From the first byte sent to the last one received, in milliseconds. */
  readonly ms: number;
  /** Bytes of the address, the headers that were given, and the body. */
  readonly sentBytes: number;
}

const PATIENCE_MS = 30_000;
const CHUNK_BYTES = 64 * 1024;
const MOST_TRIES = 5;
const agent = new Agent({ keepAlive: true });

/**
 * Sends one request on a connection that is kept alive.
 * @throws Error if the connection breaks before there is an answer, or there is none for 30 s
 */
export async function send(sent: HttpRequest): Promise<HttpResponse> {
  for (let tries = 1; ; tries++) {
    try {
      return await exchange(sent);
    } catch (error) {
      if (!(error instanceof Race) || tries === MOST_TRIES) throw error;
    }
  }
}

/**
 * A server that refuses a long body closes the connection, and the answer may be lost to what is sent
 * just then; and a connection that was idle may be closed just when it is used again.
 */
class Race extends Error {}

function exchange({ method = 'GET', url, headers = {}, body }: HttpRequest): Promise<HttpResponse> {
  const start = performance.now();
  const sentBytes = sizeOf({ url, headers, body });
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method,
      agent,
      headers: { ...headers, ...(body !== undefined && { 'content-length': lengthOf(body) }) },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    let isAnswered = false;
    outgoing.on('response', (response) => {
      isAnswered = true;
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
      const mayBe = outgoing.reusedSocket || sentBytes > CHUNK_BYTES;
      reject(isBroken && mayBe ? new Race('the connection broke', { cause: error }) : error);
    });
    void write(outgoing, Buffer.from(body ?? ''), () => isAnswered);
  });
}

/** In parts, and no further than until there is an answer. */
async function write(outgoing: ClientRequest, body: Buffer, isAnswered: () => boolean) {
  for (let from = 0; from + CHUNK_BYTES < body.length; from += CHUNK_BYTES) {
    if (isAnswered() || outgoing.destroyed) return;
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

/** The POST of a body as JSON. */
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
