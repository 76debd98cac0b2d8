import { createNotificationService } from '../../services/notification/service.ts';
import { createOrderService } from '../../services/order/service.ts';
import { createUserService } from '../../services/user/service.ts';

const LOCAL = { host: '127.0.0.1', port: 0 };

/** Starts the three stand-in services on free ports, in this process. `await using` closes them. */
export async function startServices() {
  await using started = new AsyncDisposableStack();
  const services = {
    user: await createUserService(),
    order: await createOrderService(),
    notification: await createNotificationService(),
  };
  // The members: a test may put another service in the place of one.
  started.defer(async () => {
    await Promise.all(Object.values(services).map((service) => service.close()));
  });
  const [user, order, notification] = await Promise.all(
    Object.values(services).map((service) => service.listen(LOCAL)),
  );
  const urls = {
    USER_SERVICE_URL: user as string,
    ORDER_SERVICE_URL: order as string,
    NOTIFICATION_SERVICE_URL: notification as string,
  };
  const rest = started.move();
  return { services, urls, [Symbol.asyncDispose]: () => rest.disposeAsync() };
}
