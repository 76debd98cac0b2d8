import type { DatabaseSync } from 'node:sqlite';
import { type Position, START, toPage } from '../support/page.ts';
import { findEach, query, toRowId, transact } from '../support/store.ts';
import { INSERT, type Kind, type NotificationRow, toNotification } from './model.ts';

export type PageRequest = {
  limit: number;
  cursor?: Position | undefined;
  unread?: boolean | undefined;
};

export type NewNotification = { userId: string; kind: Kind; title: string; body: string };

export function createNotifications(db: DatabaseSync, now: () => number) {
  const ofUser = query<NotificationRow>(
    db,
    `SELECT * FROM notifications WHERE user_id = ? AND (created_at, id) < (?, ?)
     AND (? IS NULL OR (read_at IS NULL) = ?) ORDER BY created_at DESC, id DESC LIMIT ?`,
  );
  const unread = query<{ count: number }>(
    db,
    'SELECT count(*) AS count FROM notifications WHERE user_id = ? AND read_at IS NULL',
  );
  const ownRow = query<NotificationRow>(
    db,
    'SELECT * FROM notifications WHERE id = ? AND user_id = ?',
  );
  const markRead = db.prepare(
    'UPDATE notifications SET read_at = ? WHERE id = ? AND user_id = ? AND read_at IS NULL',
  );

  const last = query<{ id: number | null; time: number | null }>(
    db,
    'SELECT max(id) AS id, max(created_at) AS time FROM notifications',
  );
  const insert = db.prepare(INSERT);

  function byUser(userId: string, page: PageRequest) {
    const { limit, cursor = START } = page;
    const filter = page.unread === undefined ? null : Number(page.unread);
    const rows = ofUser.all(userId, ...cursor, filter, filter, limit + 1);
    const { page: notifications, nextCursor } = toPage(rows.map(toNotification), limit);
    return { notifications, nextCursor };
  }

  const unreadCount = (userId: string): number => unread.get(userId)?.count ?? 0;

  return {
    byUser,
    byUsers: (userIds: readonly string[], limit: number) => ({
      lists: findEach(userIds, (userId) => ({ userId, ...byUser(userId, { limit }) })),
    }),
    unread: (userId: string) => ({ count: unreadCount(userId) }),
    unreadOfEach: (userIds: readonly string[]) => ({
      counts: findEach(userIds, (userId) => ({ userId, count: unreadCount(userId) })),
    }),
    create({ userId, kind, title, body }: NewNotification) {
      const { id, time } = last.get() ?? { id: 0, time: 0 };
      const newId = (id ?? 0) + 1;
      // A new notification stays the newest even if the clock is behind the seed.
      insert.run(newId, userId, kind, title, body, Math.max(now(), (time ?? 0) + 1), null);
      const row = ownRow.get(newId, userId);
      if (!row) throw new Error(`notification ${newId} is missing`);
      return toNotification(row);
    },
    markRead(userId: string, ids: readonly string[]) {
      const readAt = now();
      return transact(db, () => {
        const found: NotificationRow[] = [];
        const missing: string[] = [];
        for (const id of new Set(ids)) {
          const rowId = toRowId(id) ?? -1;
          markRead.run(readAt, rowId, userId);
          const row = ownRow.get(rowId, userId);
          if (row) found.push(row);
          else missing.push(id);
        }
        found.sort((a, b) => b.created_at - a.created_at || b.id - a.id);
        return { notifications: found.map(toNotification), missing };
      });
    },
  };
}
