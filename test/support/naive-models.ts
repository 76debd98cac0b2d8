import type { Announcement, Notification, Order, User } from '../../src/datasources/models.ts';
import type { Json } from './environment.ts';

// What the services say, as our models; what is not of their contract's form makes these throw, or
// is found by the schema's scalars.

const toTime = (time: string): string => new Date(time).toISOString();

export const toUser = ({ id, name, email, avatarUrl, locale, createdAt }: Json): User => ({
  id,
  name,
  email,
  avatarUrl,
  locale,
  createdAt: toTime(createdAt),
});

export const toOrder = ({ id, userId, status, total, items, placedAt }: Json): Order => ({
  id,
  customerId: userId,
  status: status.toUpperCase(),
  total,
  items,
  placedAt: toTime(placedAt),
});

export const toNotification = ({
  id,
  kind,
  title,
  body,
  createdAt,
  readAt,
}: Json): Notification => ({
  id,
  kind: kind.toUpperCase(),
  title,
  body,
  createdAt: toTime(createdAt),
  readAt: readAt && toTime(readAt),
});

export const toAnnouncement = ({ id, title, body, publishedAt }: Json): Announcement => ({
  id,
  title,
  body,
  publishedAt: toTime(publishedAt),
});
