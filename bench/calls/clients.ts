import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import got from 'got';
import { Pool } from 'undici';
import { createHttpClient } from '../../src/upstream/http-client.ts';

/** Sends one GET to the origin and returns the parsed body. */
export type Call = (path: string) => Promise<object>;

const TIMEOUT_MS = 2_000;

/** Clients of one upstream, from the product's to the barest; each keeps its connections. */
export const CLIENTS: Readonly<Record<string, (origin: string) => Call>> = {
  /** The product's client, with all its checks of a response. */
  frontdesk(origin) {
    const client = createHttpClient();
    return async (path) => {
      const target = { path, parameters: {} };
      const call = { baseUrl: origin, operation: 'call', target, headers: {} };
      const { signal } = new AbortController();
      const reply = await client.send({ ...call, method: 'GET', timeoutMs: TIMEOUT_MS }, signal);
      return reply.body;
    };
  },

  /** got's own transport, timeout and abort. */
  'got-node'(origin) {
    const client = gotClient.extend({ agent: { http: new Agent({ keepAlive: true }) } });
    return async (path) => {
      const { signal } = new AbortController();
      const options = { signal, timeout: { request: TIMEOUT_MS } };
      return parse(await text(client.stream(origin + path, options)));
    };
  },

  /** got over node:http with few options, a timer and an abort listener. */
  'got-lean'(origin) {
    const send = createLeanRequest(origin);
    return async (path) => {
      const { signal } = new AbortController();
      let sent: ClientRequest | undefined;
      const end = () => sent?.destroy(new Error('ended'));
      const timer = setTimeout(end, TIMEOUT_MS);
      signal.addEventListener('abort', end);
      const stream = gotClient.stream(origin + path, {
        request(_url, _options, callback) {
          sent = send(path, callback);
          return sent;
        },
      });
      try {
        return parse(await text(stream));
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
      }
    };
  },

  /** node:http with a timeout and a signal. */
  node(origin) {
    const send = createLeanRequest(origin);
    return (path) => {
      const { promise, resolve, reject } = Promise.withResolvers<object>();
      const { signal } = new AbortController();
      send(path, (response) => text(response).then(parse).then(resolve, reject), {
        timeout: TIMEOUT_MS,
        signal,
      })
        .once('error', reject)
        .end();
      return promise;
    };
  },

  /** node:http without them. */
  'node-lean'(origin) {
    const send = createLeanRequest(origin);
    return (path) => {
      const { promise, resolve, reject } = Promise.withResolvers<object>();
      send(path, (response) => text(response).then(parse).then(resolve, reject))
        .once('error', reject)
        .end();
      return promise;
    };
  },

  /** undici without a signal. */
  undici(origin) {
    const pool = new Pool(origin);
    return async (path) => {
      const { body } = await pool.request({ method: 'GET', path });
      return parse(await body.text());
    };
  },
};

const gotClient = got.extend({
  decompress: false,
  followRedirect: false,
  retry: { limit: 0 },
  throwHttpErrors: false,
});

function createLeanRequest(origin: string) {
  const { hostname: host, port } = new URL(origin);
  const agent = new Agent({ keepAlive: true });
  return (
    path: string,
    callback?: (response: IncomingMessage) => void,
    more?: { readonly timeout: number; readonly signal: AbortSignal },
  ): ClientRequest => request({ host, port, path, agent, ...more }, callback);
}

const parse = (body: string): object => JSON.parse(body) as object;
