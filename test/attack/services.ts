import { createNotificationService } from '../../services/notification/service.ts';
import { createOrderService } from '../../services/order/service.ts';
import { createUserService } from '../../services/user/service.ts';
import type { World } from '../support/world.ts';

const LOCAL = { host: '127.0.0.1', port: 0 };

/** Three stand-in services, in this process. */
export async function startServices() {
  const services = {
    user: await createUserService(),
    order: await createOrderService(),
    notification: await createNotificationService(),
  };
  return {
    services,
    urls: {
      USER_SERVICE_URL: await services.user.listen(LOCAL),
      ORDER_SERVICE_URL: await services.order.listen(LOCAL),
      NOTIFICATION_SERVICE_URL: await services.notification.listen(LOCAL),
    },
    /** How many requests they have seen since the last time. */
    takeCalls: () => takeCalls(services),
    async [Symbol.asyncDispose]() {
      await Promise.all(Object.values(services).map((service) => service.close()));
    },
  };
}

/** How many requests the services have seen since the last time, those for keys left out. */
export function takeCalls(services: World['services']): number {
  const controls = Object.values(services).map(({ control }) => control);
  const routes = controls.flatMap(({ requests }) => Object.entries(requests().routes));
  for (const { reset } of controls) reset();
  return routes.reduce((sum, [name, count]) => (name === 'jwks' ? sum : sum + count), 0);
}
