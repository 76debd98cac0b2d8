/**
 * The upstream services in domain terms. Resolvers call a datasource (users, orders, notifications); it
 * validates the ids and cursors of the client, records cache tags, and calls an operation of its
 * upstream (see upstream/upstream.ts). A decoder converts each response to the models of models.ts.
 *
 * The operations are declared once per process; the datasources, with their memos, exist once per
 * request. Wire types and wire names never leave this folder, and no value from a response does before
 * a decoder has validated it. Datasources do not check rights: the rules of the BFFs do.
 */

import type { UpstreamConfig } from '../config/index.ts';
import type { Log } from '../telemetry/log.ts';
import type { CallContext } from '../upstream/call-context.ts';
import { EventLoopUtilization } from '../upstream/event-loop-utilization.ts';
import { createUpstream } from '../upstream/upstream.ts';
import { createNotificationSource } from './notification.ts';
import { createOrderSource } from './order.ts';
import { createUserSource } from './user.ts';

export type Upstreams = ReturnType<typeof createUpstreams>;

/** The datasources of one request, for resolvers and rules. */
export type Datasources = ReturnType<Upstreams['datasourcesFor']>;

/** Creates the clients of all services, once per process. */
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
     * Records a write that did not pass through these clients. Requests that start later do not join
     * calls that were sent before it.
     */
    recordWrite() {
      options.writes.seen++;
    },
    close() {
      for (const upstream of [user, order, notification]) upstream.close();
    },
  };
}
