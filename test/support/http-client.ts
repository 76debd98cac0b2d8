import { Agent, type IncomingHttpHeaders, type RequestOptions, request } from 'node:http';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip } from 'node:zlib';
import type { HttpRequest } from '../attack/http-client.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const TIMEOUT_MS = 30_000;

export type Client = ReturnType<typeof createClient>;

/** The body without its compression. */
function decoded(body: Readable, coding: string | undefined): Readable {
  if (coding === 'br') return body.pipe(createBrotliDecompress());
  return coding === 'gzip' ? body.pipe(createGunzip()) : body;
}

/** Creates a client with keep-alive connections of its own, which `close` ends. */
export function createClient(maxConnections: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: maxConnections });

  function open({ method = 'GET', url, headers = {}, body }: HttpRequest) {
    const options: RequestOptions = { method, agent, headers, timeout: TIMEOUT_MS };
    const outgoing = request(url, options);
    outgoing.once('timeout', () => outgoing.destroy(new Error('no response in 30 s')));
    outgoing.end(body);
    return outgoing;
  }

  return {
    /** @throws Error if the connection breaks */
    send(sent: HttpRequest): Promise<Answer> {
      const { promise, resolve, reject } = Promise.withResolvers<Answer>();
      const outgoing = open(sent);
      outgoing.once('error', reject);
      outgoing.once('response', (response) => {
        let text = '';
        const { statusCode: status = 0, headers } = response;
        const body = decoded(response, headers['content-encoding']);
        body.setEncoding('utf8');
        body.on('data', (chunk: string) => {
          text += chunk;
        });
        response.once('error', reject);
        body.once('end', () => resolve({ status, headers, text }));
      });
      return promise;
    },

    /** Sends a request and closes the connection after this time, whatever has been received. */
    async abandon(sent: HttpRequest, afterMs: number): Promise<void> {
      const closed = Promise.withResolvers<void>();
      const outgoing = open(sent);
      outgoing.on('error', () => {});
      outgoing.once('response', (response) => response.on('error', () => {}).resume());
      outgoing.once('close', closed.resolve);
      setTimeout(() => outgoing.destroy(), afterMs);
      return closed.promise;
    },

    close: () => agent.destroy(),
  };
}
