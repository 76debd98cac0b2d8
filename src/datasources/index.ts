import type { UpstreamConfig } from '../config/index.ts';
import type { Log } from '../telemetry/log.ts';
import type { CallContext } from '../upstream/call-context.ts';
import { EventLoopUtilization } from '../upstream/event-loop-utilization.ts';
import { createUpstream } from '../upstream/upstream.ts';
import { createNotificationSource } from './notification.ts';
import { createOrderSource } from './order.ts';
import { createUserSource } from './user.ts';

export type Upstreams = ReturnType<typeof createUpstreams>;

/** What resolvers and rules may ask, for the length of one request. */
export type Datasources = ReturnType<Upstreams['datasourcesFor']>;

/** Connects to the services, once for the process. */
export function createUpstreams({ urls, ...shared }: UpstreamConfig, log: Log) {
  const options = {
    ...shared,
    utilization: new EventLoopUtilization().current,
    writes: { seen: 0 },
    log,
  };
  const user = createUpstream({ ...options, name: 'user', urls: urls.user });
  const order = createUpstream({ ...options, name: 'order', urls: urls.order });
  const notification = createUpstream({
    ...options,
    name: 'notification',
    urls: urls.notification,
  });
  const users = createUserSource(user);
  const orders = createOrderSource(order);
  const notifications = createNotificationSource(notification);

  return {
    datasourcesFor: (call: CallContext) => ({
      users: users(call),
      orders: orders(call),
      notifications: notifications(call),
    }),
    /**
     * Something was changed that these services were asked about: nobody may join a call any more
     * that was sent before.
     */
    recordWrite() {
      options.writes.seen++;
    },
    close() {
      for (const upstream of [user, order, notification]) upstream.close();
    },
  };
}
