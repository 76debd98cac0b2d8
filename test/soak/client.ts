import { Agent, type IncomingHttpHeaders, type RequestOptions, request } from 'node:http';
import type { HttpRequest } from '../attack/http-client.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const TIMEOUT_MS = 30_000;

export type Client = ReturnType<typeof createClient>;

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
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.once('error', reject);
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
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
