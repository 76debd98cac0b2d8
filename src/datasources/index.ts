import type { UpstreamConfig } from '../config.ts';
import type { Log } from '../telemetry/log.ts';
import { type Call, createUpstream } from './http.ts';
import { createNotificationSource } from './notification.ts';
import { createOrderSource } from './order.ts';
import { createUserSource } from './user.ts';

/** What resolvers and rules may ask, for the length of one request. */
export type Datasources = ReturnType<ReturnType<typeof createUpstreams>>;

/**
 * Connects to the services, once for the process.
 * @returns what makes the datasources of one request
 */
export function createUpstreams(urls: UpstreamConfig, log: Log) {
  const user = createUpstream('user', urls.user, log);
  const order = createUpstream('order', urls.order, log);
  const notification = createUpstream('notification', urls.notification, log);

  return (call: Call) => ({
    users: createUserSource(user, call),
    orders: createOrderSource(order, call),
    notifications: createNotificationSource(notification, call),
  });
}
