import type { FastifyInstance } from 'fastify';
import { createNotificationService } from '../../services/notification/service.ts';
import { createOrderService } from '../../services/order/service.ts';
import { createUserService } from '../../services/user/service.ts';
import type { BffDefinition } from '../../src/bff.ts';
import { loadConfig } from '../../src/config/index.ts';
import { createServer } from '../../src/server/create-server.ts';
import type { Json } from '../support/world.ts';

const LOCAL = { host: '127.0.0.1', port: 0 };
/** A slow machine must not make one twin give up where the other does not. */
const PATIENCE_MS = '60000';

/**
 * One set of stand-in services, and one BFF in front of them twice: with caches and without.
 * @param areTold - whether the services tell of changes; if not, those through the cached twin
 *   itself are all that it can know of
 */
export async function startTwins(bff: BffDefinition, areTold: boolean) {
  await using started = new AsyncDisposableStack();
  const own = <T extends FastifyInstance>(app: T): T => started.adopt(app, close);
  const services = {
    user: own(await createUserService()),
    order: own(await createOrderService()),
    notification: own(await createNotificationService()),
  };
  const [user, order, notification] = await Promise.all([
    services.user.listen(LOCAL),
    services.order.listen(LOCAL),
    services.notification.listen(LOCAL),
  ]);
  const urls = { user, order, notification };

  async function startTwin(env: NodeJS.ProcessEnv) {
    const config = loadConfig(
      {
        ...env,
        USER_SERVICE_URL: user,
        ORDER_SERVICE_URL: order,
        NOTIFICATION_SERVICE_URL: notification,
        REQUEST_DEADLINE_MS: PATIENCE_MS,
        UPSTREAM_ATTEMPT_TIMEOUT_MS: PATIENCE_MS,
        LOG_LEVEL: 'silent',
      },
      bff,
    );
    const { app, admin } = await createServer(bff, config);
    const url = await own(app).listen(LOCAL);
    return { endpoint: `${url}/graphql`, purge: `${await own(admin).listen(LOCAL)}/purge` };
  }

  const cached = await startTwin({ CACHE_MEMORY_MB: '64', NODE_ENV: 'test' });
  // In tests it is an error to look at the viewer for an answer that is shared: not so here, or
  // both would give the same error.
  const plain = await startTwin({ CACHE_MEMORY_MB: '0', NODE_ENV: 'development' });
  const controls = Object.values(services).map(({ control }) => control);
  if (areTold) for (const control of controls) control.subscribe([cached.purge, plain.purge]);

  const rest = started.move();
  return {
    cached: cached.endpoint,
    plain: plain.endpoint,
    urls,
    areTold,

    /** From now on the answers of the services wait, some longer than others. */
    slowDown(jitterMs: number) {
      for (const control of controls) control.faults({ '*': { jitterMs } });
    },

    /** Asks a service itself, past both. */
    async read(service: keyof typeof services, path: string): Promise<Json> {
      return (await services[service].inject(path)).json();
    },

    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  };
}

export type Twins = Awaited<ReturnType<typeof startTwins>>;

/** After a failure there may be requests under way, for which a close alone would wait. */
function close(app: FastifyInstance): PromiseLike<undefined> {
  app.server.closeAllConnections();
  return app.close();
}
