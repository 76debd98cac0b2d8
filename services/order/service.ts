import { z } from 'zod';
import { ids, integerText, userId, userIds } from '../support/input.ts';
import { operation } from '../support/operation.ts';
import { pageLimit, timeCursor } from '../support/page.ts';
import { createStandIn, type ServiceOptions, type StandIn } from '../support/stand-in.ts';
import { openStore } from '../support/store.ts';
import { INDEXES, listTag, STATUSES, TABLES, toChange } from './model.ts';
import { createOrders } from './orders.ts';
import { createPlaceOrder, placeOrderSchema, readIdempotencyKey } from './place-order.ts';
import { seedOrders } from './seed.ts';

const status = z.enum(STATUSES).optional();

const userPage = {
  user: userId,
  limit: pageLimit,
  cursor: timeCursor.optional(),
  status,
};

const usersPages = { users: userIds, limit: pageLimit, status };

export async function createOrderService(options: ServiceOptions = {}): Promise<StandIn> {
  const { dataDir, now = Date.now } = options;
  const db = openStore({
    name: 'order',
    dataDir,
    tables: TABLES,
    indexes: INDEXES,
    seed: seedOrders,
  });
  const orders = createOrders(db);
  const placeOrder = createPlaceOrder(db, now);

  const app = createStandIn(
    'order',
    [
      operation({
        name: 'getOrder',
        route: 'GET /orders/:id',
        ownerId: ({ id }) => orders.get(id).userId,
        handle: ({ id }) => orders.get(id),
      }),
      operation({
        name: 'ordersByIds',
        route: 'GET /orders',
        selector: 'ids',
        query: { ids },
        ownerId: () => undefined,
        handle: ({ query }) => orders.byIds(query.ids),
      }),
      operation({
        name: 'ordersByUser',
        route: 'GET /orders',
        selector: 'user',
        query: userPage,
        ownerId: ({ query }) => query.user,
        handle: ({ query }) => orders.byUser(query.user, query),
      }),
      operation({
        name: 'ordersByUsers',
        route: 'GET /orders',
        selector: 'users',
        query: usersPages,
        ownerId: () => undefined,
        handle: ({ query }) => orders.byUsers(query.users, query),
      }),
      operation({
        name: 'recentOrders',
        route: 'GET /orders',
        selector: 'recent',
        query: { recent: integerText(1, 100) },
        ownerId: () => undefined,
        handle: ({ query }) => orders.recent(query.recent),
      }),
      operation({
        name: 'placeOrder',
        route: 'POST /orders',
        body: placeOrderSchema,
        actingUserId: ({ body }) => body.userId,
        handle({ body, headers, reply }) {
          const { order, isNew } = placeOrder(readIdempotencyKey(headers), body);
          reply.code(isNew ? 201 : 200);
          return order;
        },
        changedTags: ({ id, userId }) => [
          `Order:${id}`,
          listTag(userId),
          listTag(userId, 'placed'),
          'orders:recent',
        ],
        event: (order) => toChange(order),
      }),
      operation({
        name: 'cancelOrder',
        route: 'POST /orders/:id/cancel',
        actingUserId: ({ id }) => orders.get(id).userId,
        allowsStaff: true,
        handle: ({ id }) => orders.cancel(id),
        changedTags: ({ id, userId }) => [
          `Order:${id}`,
          listTag(userId, 'placed'),
          listTag(userId, 'cancelled'),
        ],
        event: (order) => toChange(order),
      }),
    ],
    options,
  );
  app.addHook('onClose', async () => db.close());
  return app;
}
