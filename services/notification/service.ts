import { z } from 'zod';
import { NotificationService } from '../../src/datasources/generated/notification-grpc.ts';
import { booleanText, id, userId, userIds } from '../support/input.ts';
import { operation } from '../support/operation.ts';
import { pageLimit, timeCursor } from '../support/page.ts';
import { createStandIn, type ServiceOptions, type StandIn } from '../support/stand-in.ts';
import { openStore } from '../support/store.ts';
import { ANNOUNCEMENTS } from './announcements.ts';
import { INDEXES, KINDS, TABLES, toNewTags, toReadTags } from './model.ts';
import { createNotifications } from './notifications.ts';
import { seedNotifications } from './seed.ts';

const userPage = {
  user: userId,
  limit: pageLimit,
  cursor: timeCursor.optional(),
  unread: booleanText.optional(),
};

const newNotification = z.strictObject({
  userId,
  kind: z.enum(KINDS),
  title: z.string().min(1).max(200),
  body: z.string().min(1).max(2_000),
});

const readRequest = z.strictObject({ userId, ids: z.array(id).min(1).max(100) });

export async function createNotificationService(options: ServiceOptions = {}): Promise<StandIn> {
  const { dataDir, now = Date.now } = options;
  const db = openStore({
    name: 'notification',
    dataDir,
    tables: TABLES,
    indexes: INDEXES,
    seed: seedNotifications,
  });
  const notifications = createNotifications(db, now);

  const app = createStandIn(
    'notification',
    [
      operation({
        name: 'notificationsByUser',
        route: 'GET /notifications',
        selector: 'user',
        query: userPage,
        handle: ({ query }) => notifications.byUser(query.user, query),
      }),
      operation({
        name: 'notificationsByUsers',
        route: 'GET /notifications',
        selector: 'users',
        query: { users: userIds, limit: pageLimit },
        handle: ({ query }) => notifications.byUsers(query.users, query.limit),
      }),
      operation({
        name: 'unreadByUser',
        route: 'GET /unread',
        selector: 'user',
        query: { user: userId },
        handle: ({ query }) => notifications.unread(query.user),
      }),
      operation({
        name: 'unreadByUsers',
        route: 'GET /unread',
        selector: 'users',
        query: { users: userIds },
        handle: ({ query }) => notifications.unreadOfEach(query.users),
      }),
      operation({
        name: 'createNotification',
        route: 'POST /notifications',
        isHttpOnly: true,
        body: newNotification,
        handle({ body, reply }) {
          reply.code(201);
          return notifications.create(body);
        },
        changedTags: (created) => toNewTags(created),
        event: ({ id, userId }) => ({ type: 'notification.created', data: { user: userId, id } }),
      }),
      operation({
        name: 'markRead',
        route: 'POST /notifications/read',
        body: readRequest,
        actingUserId: ({ body }) => body.userId,
        handle: ({ body }) => notifications.markRead(body.userId, body.ids),
        changedTags: ({ notifications }) => toReadTags(notifications),
      }),
      operation({
        name: 'announcements',
        route: 'GET /announcements',
        handle: () => ({ announcements: ANNOUNCEMENTS }),
      }),
    ],
    options,
    NotificationService,
  );
  app.addHook('onClose', async () => db.close());
  return app;
}
