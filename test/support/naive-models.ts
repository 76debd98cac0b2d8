import type { Announcement, Notification, Order, User } from '../../src/datasources/models.ts';
import type { Json } from './environment.ts';

// What the services say, as our models; what is not of their contract's form makes these throw, or
// is found by the schema's scalars.

const toTime = (time: string): string => new Date(time).toISOString();

export const toUser = (wire: Json): User => ({ ...wire, createdAt: toTime(wire.createdAt) });

export const toOrder = (wire: Json): Order => ({
  ...wire,
  customerId: wire.userId,
  status: wire.status.toUpperCase(),
  placedAt: toTime(wire.placedAt),
});

export const toNotification = (wire: Json): Notification => ({
  ...wire,
  kind: wire.kind.toUpperCase(),
  createdAt: toTime(wire.createdAt),
  readAt: wire.readAt && toTime(wire.readAt),
});

export const toAnnouncement = (wire: Json): Announcement => ({
  ...wire,
  publishedAt: toTime(wire.publishedAt),
});
