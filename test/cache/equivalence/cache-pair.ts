import type { FastifyInstance } from 'fastify';
import type { BffDefinition } from '../../../src/bff.ts';
import { loadConfig } from '../../../src/config/index.ts';
import { createServer } from '../../../src/server/create-server.ts';
import type { Json } from '../../support/environment.ts';
import { SERVICE_NAMES, startServices } from '../../support/services.ts';

const LOCAL = { host: '127.0.0.1', port: 0 };
/** On a slow machine, one BFF must not time out where the other does not. */
const TIMEOUT_MS = '60000';

/**
 * One set of stand-in services behind two instances of one BFF, with and without a response cache.
 * @param hasEvents - the services notify both BFFs of changes; if not, the cached BFF only learns
 *   of mutations that it executes itself
 */
export async function startCachePair(bff: BffDefinition, hasEvents: boolean) {
  await using started = new AsyncDisposableStack();
  const { services, env: addresses } = started.use(await startServices(SERVICE_NAMES));

  async function startBff(env: NodeJS.ProcessEnv) {
    const config = loadConfig(
      {
        ...env,
        ...addresses,
        REQUEST_DEADLINE_MS: TIMEOUT_MS,
        UPSTREAM_ATTEMPT_TIMEOUT_MS: TIMEOUT_MS,
        LOG_LEVEL: 'silent',
      },
      bff,
    );
    const { app, admin } = await createServer(bff, config);
    for (const server of [app, admin]) started.adopt(server, close);
    const url = await app.listen(LOCAL);
    return { endpoint: `${url}/graphql`, purge: `${await admin.listen(LOCAL)}/purge` };
  }

  const cached = await startBff({ CACHE_MEMORY_MB: '64', NODE_ENV: 'test' });
  // NODE_ENV=test makes it an error to read the viewer during a shared execution. Without it, such
  // an error of the cached BFF differs from the other's answer.
  const uncached = await startBff({ CACHE_MEMORY_MB: '0', NODE_ENV: 'development' });
  const controls = Object.values(services).map(({ control }) => control);
  if (hasEvents) for (const control of controls) control.subscribe([cached.purge, uncached.purge]);

  const resources = started.move();
  return {
    cached: cached.endpoint,
    uncached: uncached.endpoint,
    services,
    hasEvents,

    /** Delays every answer of the services by a random time, in milliseconds; 0 for none. */
    setJitter(jitterMs: number) {
      for (const control of controls) control.faults({ '*': { jitterMs } });
    },

    /** Reads from a service, without a BFF. */
    async read(service: keyof typeof services, path: string): Promise<Json> {
      return (await services[service].inject(path)).json();
    },

    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

export type CachePair = Awaited<ReturnType<typeof startCachePair>>;

/** After a failure, requests may be in flight, for which close() alone waits. */
function close(app: FastifyInstance): PromiseLike<undefined> {
  app.server.closeAllConnections();
  return app.close();
}
