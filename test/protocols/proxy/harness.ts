import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { web } from '../../../bff-web/bff.ts';
import { anyone } from '../../../src/auth/rules.ts';
import type { ProxyRoute } from '../../../src/bff.ts';
import { startEnvironment } from '../../support/environment.ts';

/** Starts an HTTP server on a free port. */
export async function startService(handle: RequestListener) {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** All methods of `/x/*`, for everyone, to the order service. */
export const OPEN: ProxyRoute = {
  path: '/x/*',
  methods: ['DELETE', 'GET', 'PATCH', 'POST', 'PUT'],
  upstream: 'order',
  target: '/orders/*',
  permission: anyone,
};

/**
 * Starts the web BFF with these routes; the handler takes the place of the order service.
 * @param changed - changes of OPEN, as the only route, or all routes
 */
export async function startProxy(
  handle: RequestListener,
  changed: Partial<ProxyRoute> | readonly ProxyRoute[] = {},
  env: NodeJS.ProcessEnv = {},
) {
  await using started = new AsyncDisposableStack();
  const service = started.use(await startService(handle));
  const routes = Array.isArray(changed) ? changed : [{ ...OPEN, ...changed }];
  const environment = started.use(
    await startEnvironment({ ...web, routes }, { ORDER_SERVICE_URL: service.url, ...env }),
  );
  const rest = started.move();
  return Object.assign(environment, { [Symbol.asyncDispose]: () => rest.disposeAsync() });
}

/** A request that a service has got. */
export interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A service that answers every request with a JSON object, and remembers what it has got. */
export function recorder(
  answer: {
    status?: number;
    headers?: Record<string, string | string[]>;
    body?: string | Buffer;
  } = {},
) {
  const seen: Seen[] = [];
  const { status = 200, headers, body = '{"id":"1"}' } = answer;
  const handle: RequestListener = (request, response) => {
    void text(request).then((sent) => {
      seen.push({ method: request.method, url: request.url, headers: request.headers, body: sent });
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
    });
  };
  return { seen, handle };
}
