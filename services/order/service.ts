import { z } from 'zod';
import { id, ids, integerText } from '../support/input.ts';
import { operation } from '../support/operation.ts';
import { pageLimit, timeCursor } from '../support/page.ts';
import { createStandIn, type ServiceOptions, type StandIn } from '../support/stand-in.ts';
import { openStore } from '../support/store.ts';
import { INDEXES, listTag, STATUSES, TABLES } from './model.ts';
import { createOrders } from './orders.ts';
import { createPlacing, placeOrder, readKey } from './placing.ts';
import { seedOrders } from './seed.ts';

const status = z.enum(STATUSES).optional();

const userPage = {
  user: id,
  limit: pageLimit,
  cursor: timeCursor.optional(),
  status,
};

const usersPages = { users: ids, limit: pageLimit, status };

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
  const place = createPlacing(db, now);

  const app = createStandIn(
    'order',
    [
      operation({ name: 'getOrder', on: 'GET /orders/:id', answer: ({ id }) => orders.get(id) }),
      operation({
        name: 'ordersByIds',
        on: 'GET /orders',
        selector: 'ids',
        query: { ids },
        answer: ({ query }) => orders.byIds(query.ids),
      }),
      operation({
        name: 'ordersByUser',
        on: 'GET /orders',
        selector: 'user',
        query: userPage,
        answer: ({ query }) => orders.byUser(query.user, query),
      }),
      operation({
        name: 'ordersByUsers',
        on: 'GET /orders',
        selector: 'users',
        query: usersPages,
        answer: ({ query }) => orders.byUsers(query.users, query),
      }),
      operation({
        name: 'recentOrders',
        on: 'GET /orders',
        selector: 'recent',
        query: { recent: integerText(1, 100) },
        answer: ({ query }) => orders.recent(query.recent),
      }),
      operation({
        name: 'placeOrder',
        on: 'POST /orders',
        body: placeOrder,
        actsFor: ({ body }) => body.userId,
        answer({ body, headers, reply }) {
          const { order, isNew } = place(readKey(headers), body);
          reply.code(isNew ? 201 : 200);
          return order;
        },
        changes: ({ id, userId }) => [
          `Order:${id}`,
          listTag(userId),
          listTag(userId, 'placed'),
          'orders:recent',
        ],
      }),
      operation({
        name: 'cancelOrder',
        on: 'POST /orders/:id/cancel',
        actsFor: ({ id }) => orders.get(id).userId,
        staffToo: true,
        answer: ({ id }) => orders.cancel(id),
        changes: ({ id, userId }) => [
          `Order:${id}`,
          listTag(userId, 'placed'),
          listTag(userId, 'cancelled'),
        ],
      }),
    ],
    options,
  );
  app.addHook('onClose', async () => db.close());
  return app;
}
