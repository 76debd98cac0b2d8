import { CAST } from '../../services/support/cast.ts';
import type { StandIn } from '../../services/support/stand-in.ts';
import { issueToken } from '../../services/support/tokens.ts';
import type { BffDefinition } from '../../src/bff.ts';
import { loadConfig } from '../../src/config/index.ts';
import type { UPSTREAMS, UpstreamTable } from '../../src/datasources/upstreams.ts';
import { createServer } from '../../src/server/create-server.ts';
import { createClient } from './http-client.ts';
import { type ServiceName, startServices } from './services.ts';
import { LOGIN } from './session.ts';

/** The viewer of a request: a user by id, a member of staff, or an anonymous one. */
export type TestViewer = string | 'staff' | 'anonymous';

// biome-ignore lint/suspicious/noExplicitAny: the shape of a response depends on the query of the test
export type Json = any;

export interface TestResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

/** The options of an operation, which is sent as JSON over POST. */
export interface RequestOptions {
  readonly as?: TestViewer;
  readonly variables?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
}

/** The services of a BFF; those of the product, if its definition does not name its own table. */
export type ServicesOf<U extends UpstreamTable> = string extends keyof U
  ? keyof typeof UPSTREAMS
  : keyof U & ServiceName;

/**
 * Starts a BFF and the stand-ins of its upstreams, each as a real HTTP server on a free port, in this
 * process. `await using` closes them.
 * @param grpc - the names of the upstreams that are called over gRPC
 */
export async function startEnvironment<U extends UpstreamTable>(
  bff: BffDefinition<U>,
  env: NodeJS.ProcessEnv = {},
  grpc: readonly ServiceName[] = [],
) {
  await using started = new AsyncDisposableStack();
  const names = Object.keys(bff.upstreams) as ServicesOf<U>[];
  const { services, env: addresses } = started.use(await startServices(names, grpc));
  const config = loadConfig(
    {
      ...addresses,
      ...LOGIN,
      LOG_LEVEL: 'silent',
      // Most tests read the calls of the services; those about the cache turn it on.
      CACHE_MEMORY_MB: '0',
      NODE_ENV: 'test',
      ...env,
    },
    bff,
  );
  const { app, log, admin, metrics, warmUp } = await createServer(bff, config);
  started.defer(() => app.close());
  await warmUp();
  const local = { host: '127.0.0.1', port: 0 };
  // A port of its own, for a BFF whose provider must know it.
  const { [`${bff.name.toUpperCase()}_PORT`]: port } = env;
  const url = await app.listen({ ...local, ...(port && { port: config.port }) });
  const adminUrl = await admin.listen(local);
  const endpoint = `${url}/graphql`;
  // A fraction of the cost of fetch.
  const client = createClient(Number.POSITIVE_INFINITY);
  started.defer(client.close);

  async function send(
    query: string,
    { as, variables, headers }: RequestOptions = {},
  ): Promise<TestResponse> {
    return post({ query, variables }, { ...(await authorization(as)), ...headers });
  }

  async function post(body: unknown, headers: Record<string, string> = {}): Promise<TestResponse> {
    const response = await client.send({
      method: 'POST',
      url: endpoint,
      headers: { accept: '*/*', 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return {
      status: response.status,
      headers: new Headers(response.headers as Record<string, string>),
      body: JSON.parse(response.text),
    };
  }

  /** Every request that the services have seen since the last reset, oldest first. */
  const calls = () =>
    Object.values<StandIn>(services)
      .flatMap((service) => service.control.requests().recent)
      .filter(({ operation }) => operation !== 'jwks')
      .sort((a, b) => a.startedAt - b.startedAt);

  /** Reads from a service directly, past the BFF. */
  async function read(service: ServicesOf<U>, path: string): Promise<Json> {
    return (await services[service].inject(path)).json();
  }

  function reset() {
    for (const { control } of Object.values<StandIn>(services)) {
      control.reset();
      control.clear();
    }
  }

  const rest = started.move();
  return {
    app,
    log,
    url,
    endpoint,
    adminUrl,
    metrics,
    services,
    /** The variables with the addresses of the services. */
    addresses,
    send,
    post,
    calls,
    read,
    reset,
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

export type Environment<U extends UpstreamTable = UpstreamTable> = Awaited<
  ReturnType<typeof startEnvironment<U>>
>;

/** An environment of any BFF, whatever its services are. */
export type AnyEnvironment = Omit<Environment, 'services' | 'read'> & {
  readonly services: Readonly<Record<string, StandIn>>;
};

const MAX_TOKEN_AGE_MS = 10 * 60_000;

/** The tokens of this process, because signing and verifying one costs more than most requests. */
const tokens = new Map<
  TestViewer,
  { readonly token: Promise<string>; readonly issuedAt: number }
>();

/** The authorization header of a viewer; none for an anonymous one. */
export async function authorization(
  viewer: TestViewer | undefined = 'anonymous',
): Promise<Record<string, string>> {
  if (viewer === 'anonymous') return {};
  const now = Date.now();
  let known = tokens.get(viewer);
  // A fake clock may have moved in either direction.
  if (!known || Math.abs(now - known.issuedAt) > MAX_TOKEN_AGE_MS) {
    known = { token: createToken(viewer), issuedAt: now };
    tokens.set(viewer, known);
  }
  return { authorization: `Bearer ${await known.token}` };
}

/** Signs a new token of a viewer, which a BFF has never verified. */
export const createToken = (viewer: TestViewer): Promise<string> =>
  viewer === 'staff'
    ? issueToken({ userId: CAST.staff, role: 'staff' })
    : issueToken({ userId: viewer, role: 'customer' });
