import { notFound } from '../errors.ts';
import type { Call } from '../upstream/call-context.ts';
import type { Lane, Reply, Upstream } from '../upstream/upstream.ts';
import type { components } from './generated/notification.ts';
import { createMemo, type Newest, nameNewest } from './memo.ts';
import type { Announcement, Notification, Outcome, Page, PageRequest } from './models.ts';
import { unexpected } from './outcome.ts';
import { asAsked, complete, count, goesOn, instant, list, oneOf, text, texts } from './shape.ts';
import { tagOf } from './tag.ts';
import { badCursor, checkId, fromCursor, target, toCursor } from './target.ts';

type Wire = components['schemas'];

interface NotificationPageRequest extends PageRequest {
  readonly unreadOnly?: boolean;
}

const KIND: Readonly<Record<Wire['Notification']['kind'], Notification['kind']>> = {
  order_update: 'ORDER_UPDATE',
  promotion: 'PROMOTION',
  account: 'ACCOUNT',
};

const notificationTag = (id: string): string => tagOf('Notification', id);
const unreadTag = (user: string): string => `unread:user=${user}`;

/** What the reading of some notifications changes; of none, nothing. */
const readTags = (user: string, read: readonly Notification[]): readonly string[] =>
  read.length === 0
    ? []
    : [
        `notifications:user=${user}&unread`,
        unreadTag(user),
        ...read.map(({ id }) => notificationTag(id)),
      ];

/** Notifications and announcements. */
export function createNotificationSource(upstream: Upstream) {
  const newestOf = upstream.batch('notificationsByUsers', {
    target: (users, { first }) => target(['notifications'], { users, limit: first }),
    read: readLists,
    absent: () => notFound('user'),
  });
  const unreadOf = upstream.batch('unreadByUsers', {
    target: (users) => target(['unread'], { users }),
    read: readCounts,
    absent: () => notFound('user'),
  });
  const page = upstream.read('notificationsByUser', 'viewer');
  const announcements = upstream.read('announcements', 'public');
  const markRead = upstream.write('markRead');

  return (call: Call) => {
    const newest = createMemo(
      ({ user, first }: Newest) => newestOf(user, call, { first }),
      nameNewest,
    );
    const unread = createMemo((user: string) => unreadOf(user, call), String);

    async function pageOf(
      user: string,
      { first, after, unreadOnly }: NotificationPageRequest,
    ): Promise<Page<Notification>> {
      const cursor = fromCursor('notifications', after);
      const parameters = { user, limit: first, cursor, unread: unreadOnly ? 'true' : null };
      const path = target(['notifications'], parameters);
      return page({ target: path, items: first }, call, readPage(cursor, user, first));
    }

    return {
      /** One user's notifications, newest first. */
      async byUser(userId: string, { first, after, unreadOnly = false }: NotificationPageRequest) {
        const user = checkId(userId);
        const list = `notifications:user=${user}`;
        call.recorder?.touched?.(unreadOnly ? [list, `${list}&unread`] : [list]);
        const found = await (after == null && !unreadOnly
          ? newest.load({ user, first })
          : pageOf(user, { first, after, unreadOnly }));
        call.recorder?.touched?.(found.edges.map(({ node }) => notificationTag(node.id)));
        return found;
      },

      /** How many are unread of all that the user has. */
      async unreadCount(userId: string): Promise<number> {
        checkId(userId);
        call.recorder?.touched?.([unreadTag(userId)]);
        return unread.load(userId);
      },

      /** What everyone should know, newest first. */
      async announcements(): Promise<Announcement[]> {
        call.recorder?.touched?.(['announcements']);
        const path = target(['announcements']);
        const found = await announcements({ target: path }, call, readAnnouncements);
        call.recorder?.touched?.(found.map(({ id }) => tagOf('Announcement', id)));
        return found;
      },

      /** @returns those of the ids that are the user's, now read, and a problem for each other id */
      async markRead(userId: string, ids: readonly string[]): Promise<Outcome<Notification[]>> {
        const json = { userId: checkId(userId), ids: ids.map(checkId) };
        newest.clearAll();
        unread.clearAll();
        const path = target(['notifications', 'read']);
        // Of an unknown outcome all of the viewer's lists, and not the ids, which may be another's.
        const tagsOf = (outcome?: Outcome<Notification[]>) =>
          outcome
            ? readTags(userId, outcome.value ?? [])
            : [`notifications:user=${userId}`, unreadTag(userId)];
        const change = { method: 'POST', target: path, json, tagsOf } as const;
        return markRead(change, call, readMarked(userId, ids));
      },
    };
  };
}

const readLists =
  (users: readonly string[], { first }: Lane) =>
  ({ status, body }: Reply<Wire['NotificationLists']>): ReadonlyMap<string, Page<Notification>> => {
    if (status !== 200) throw unexpected(status);
    const lists = list(body.lists, (wire) => {
      const user = text(wire.userId);
      return [user, toPage(wire, user, first)] as const;
    });
    return complete(users, new Map(lists));
  };

const readPage =
  (cursor: string | null, user: string, first: number) =>
  ({ status, body }: Reply<Wire['NotificationPage']>): Page<Notification> => {
    if (status === 400 && cursor !== null) throw badCursor();
    if (status !== 200) throw unexpected(status);
    return toPage(body, user, first);
  };

const readCounts =
  (users: readonly string[]) =>
  ({ status, body }: Reply<Wire['UnreadCounts']>): ReadonlyMap<string, number> => {
    if (status !== 200) throw unexpected(status);
    const counts = list(body.counts, (wire) => [text(wire.userId), count(wire.count)] as const);
    return complete(users, new Map(counts));
  };

function readAnnouncements({ status, body }: Reply<Wire['AnnouncementList']>): Announcement[] {
  if (status !== 200) throw unexpected(status);
  return list(body.announcements, toAnnouncement);
}

const readMarked =
  (user: string, ids: readonly string[]) =>
  ({ status, body }: Reply<Wire['ReadResult']>): Outcome<Notification[]> => {
    if (status !== 200) throw unexpected(status);
    const missing = new Set(texts(body.missing));
    return {
      value: list(body.notifications, (wire) => toNotification(wire, user), ids.length),
      problems: ids.flatMap((id, index) =>
        missing.has(id) ? [{ code: 'NOT_FOUND' as const, field: [String(index)] }] : [],
      ),
    };
  };

/** @param most - how many were asked for */
function toPage(
  { notifications, nextCursor }: Wire['NotificationPage'],
  user: string,
  most?: number,
): Page<Notification> {
  const toEdge = (wire: Wire['Notification']) => ({
    cursor: toCursor('notifications', text(wire.cursor)),
    node: toNotification(wire, user),
  });
  return { edges: list(notifications, toEdge, most), hasMore: goesOn(nextCursor) };
}

function toNotification(wire: Wire['Notification'], user: string): Notification {
  asAsked(user, wire.userId);
  return {
    id: text(wire.id),
    kind: oneOf(wire.kind, KIND),
    title: text(wire.title),
    body: text(wire.body),
    createdAt: instant(wire.createdAt),
    readAt: wire.readAt === null ? null : instant(wire.readAt),
  };
}

const toAnnouncement = (wire: Wire['Announcement']): Announcement => ({
  id: text(wire.id),
  title: text(wire.title),
  body: text(wire.body),
  publishedAt: instant(wire.publishedAt),
});
