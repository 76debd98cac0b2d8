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
  answer: { status?: number; headers?: Record<string, string | string[]>; body?: string } = {},
) {
  const seen: Seen[] = [];
  const handle: RequestListener = async (request, response) => {
    const { method, url, headers } = request;
    seen.push({ method, url, headers, body: await text(request) });
    response.writeHead(answer.status ?? 200, {
      'content-type': 'application/json',
      ...answer.headers,
    });
    response.end(answer.body ?? '{"id":"1"}');
  };
  return { seen, handle };
}
