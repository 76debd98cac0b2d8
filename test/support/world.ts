import { CAST } from '../../services/support/cast.ts';
import { issueToken } from '../../services/user/tokens.ts';
import type { BffDefinition } from '../../src/bff.ts';
import { loadConfig } from '../../src/config/index.ts';
import { createServer } from '../../src/server/create-server.ts';
import { startServices } from './services.ts';

/** Who asks: a user's id, a member of staff, or nobody. */
export type Asker = string | 'staff' | 'anonymous';

// biome-ignore lint/suspicious/noExplicitAny: tests look into answers whose shape their own query gave
export type Json = any;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

/** An operation of ours as any client sends it: JSON over POST. */
export interface Ask {
  readonly as?: Asker;
  readonly variables?: Record<string, unknown>;
  readonly headers?: Record<string, string>;
}

/**
 * Three stand-in services and one BFF in front of them, each a real HTTP server on a free port, in
 * this process. `await using` ends them all.
 */
export async function startWorld(bff: BffDefinition, env: NodeJS.ProcessEnv = {}) {
  await using started = new AsyncDisposableStack();
  const { services, urls } = started.use(await startServices());
  const config = loadConfig(
    {
      ...urls,
      LOG_LEVEL: 'silent',
      // Most tests look at what services are asked; those about the cache turn it on.
      CACHE_MEMORY_MB: '0',
      NODE_ENV: 'test',
      ...env,
    },
    bff,
  );
  const { app, admin } = await createServer(bff, config);
  started.defer(() => app.close());
  const local = { host: '127.0.0.1', port: 0 };
  const url = await app.listen(local);
  const adminUrl = await admin.listen(local);
  const endpoint = `${url}/graphql`;

  async function ask(query: string, { as, variables, headers }: Ask = {}): Promise<Answer> {
    return post({ query, variables }, { ...(await authorization(as)), ...headers });
  }

  async function post(body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: JSON.parse(text) };
  }

  /** Every request that the services have seen since the last reset, oldest first. */
  const calls = () =>
    Object.values(services)
      .flatMap((service) => service.control.requests().recent)
      .filter(({ operation }) => operation !== 'jwks')
      .sort((a, b) => a.startedAt - b.startedAt);

  /** Asks a service itself, past the BFF. */
  async function read(service: keyof typeof services, path: string): Promise<Json> {
    return (await services[service].inject(path)).json();
  }

  function reset() {
    for (const { control } of Object.values(services)) {
      control.reset();
      control.clear();
    }
  }

  const rest = started.move();
  return {
    app,
    url,
    endpoint,
    adminUrl,
    services,
    ask,
    post,
    calls,
    read,
    reset,
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

export type World = Awaited<ReturnType<typeof startWorld>>;

/** The header that says who asks; none for the anonymous. */
export async function authorization(
  asker: Asker | undefined = 'anonymous',
): Promise<Record<string, string>> {
  if (asker === 'anonymous') return {};
  const staff = asker === 'staff';
  const token = await issueToken({
    userId: staff ? CAST.staff : asker,
    role: staff ? 'staff' : 'customer',
  });
  return { authorization: `Bearer ${token}` };
}
