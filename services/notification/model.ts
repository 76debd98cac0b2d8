import { toCursor } from '../support/page.ts';
import { toTime } from '../support/store.ts';
import { tagPart } from '../support/tag.ts';

export const KINDS = ['order_update', 'promotion', 'account'] as const;
export type Kind = (typeof KINDS)[number];

export type NotificationRow = {
  id: number;
  user_id: string;
  kind: Kind;
  title: string;
  body: string;
  created_at: number;
  read_at: number | null;
};

export const TABLES = `CREATE TABLE notifications (
  id INTEGER PRIMARY KEY,
  user_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  read_at INTEGER
)`;

export const INDEXES = `
CREATE INDEX notifications_by_user ON notifications (user_id, created_at DESC, id DESC);
CREATE INDEX unread_by_user ON notifications (user_id) WHERE read_at IS NULL`;

export const INSERT = 'INSERT INTO notifications VALUES (?, ?, ?, ?, ?, ?, ?)';

export type Notification = ReturnType<typeof toNotification>;

export function toNotification(row: NotificationRow) {
  return {
    id: String(row.id),
    userId: row.user_id,
    kind: row.kind,
    title: row.title,
    body: row.body,
    createdAt: toTime(row.created_at),
    readAt: row.read_at === null ? null : toTime(row.read_at),
    cursor: toCursor([row.created_at, row.id]),
  };
}

/** The tags of cached responses that are outdated once these notifications of one user are read. */
export function toReadTags(notifications: readonly Notification[]): string[] {
  const [first] = notifications;
  if (!first) return [];
  const user = tagPart(first.userId);
  return [
    ...notifications.map(({ id }) => `Notification:${id}`),
    `notifications:user=${user}&unread`,
    `unread:user=${user}`,
  ];
}

/** The tags of cached responses that are outdated once a notification is new. */
export function toNewTags({ userId }: Notification): string[] {
  const user = tagPart(userId);
  return [`notifications:user=${user}`, `notifications:user=${user}&unread`, `unread:user=${user}`];
}
