import { notFound } from '../errors.ts';
import type { CallContext } from '../upstream/call-context.ts';
import type { Lane, Upstream, UpstreamReply } from '../upstream/upstream.ts';
import {
  count,
  dateTime,
  dateTimeOrNull,
  expectId,
  hasNextPage,
  list,
  oneOf,
  requireAllKeys,
  string,
  strings,
} from './decode.ts';
import type { components } from './generated/notification.ts';
import { createLaneLoaders, createLoader } from './loader.ts';
import type { Announcement, MutationResult, Notification, Page, PageRequest } from './models.ts';
import { bodyOf, pageBodyOf } from './reply.ts';
import { tagOf, userListTag } from './tag.ts';
import { checkId, checkUserId, fromCursor, target, toCursor } from './target.ts';

type Wire = components['schemas'];

interface NotificationPageRequest extends PageRequest {
  readonly unreadOnly?: boolean;
}

const KIND: Readonly<Record<Wire['Notification']['kind'], Notification['kind']>> = {
  order_update: 'ORDER_UPDATE',
  promotion: 'PROMOTION',
  account: 'ACCOUNT',
};

/** Notifications among which one that has just arrived is looked for. */
const MAX_JUST_RECEIVED = 20;

const notificationTag = (id: string): string => tagOf('Notification', id);
const listTag = (user: string): string => userListTag('notifications', user);
const unreadListTag = (user: string): string => userListTag('notifications', user, 'unread');
const unreadCountTag = (user: string): string => userListTag('unread', user);

/** The tags that change when notifications are marked as read; none for an empty list. */
const markedReadTags = (user: string, read: readonly Notification[]): readonly string[] =>
  read.length === 0
    ? []
    : [unreadListTag(user), unreadCountTag(user), ...read.map(({ id }) => notificationTag(id))];

/** Creates the datasource of notifications and announcements. */
export function createNotificationSource(upstream: Upstream) {
  const firstPagesByUsers = upstream.batch('notificationsByUsers', {
    target: (users, { first }) => target(['notifications'], { users, limit: first }),
    read: decodeLists,
    missingKeyError: () => notFound('user'),
  });
  const unreadByUsers = upstream.batch('unreadByUsers', {
    target: (users) => target(['unread'], { users }),
    read: decodeCounts,
    missingKeyError: () => notFound('user'),
  });
  const page = upstream.read('notificationsByUser', 'viewer');
  const announcements = upstream.read('announcements', 'public');
  const markRead = upstream.write('markRead');

  return (call: CallContext) => {
    const firstPages = createLaneLoaders((lane) => (users) => firstPagesByUsers(users, call, lane));
    const unreadCounts = createLoader((users) => unreadByUsers(users, call));

    async function loadPage(
      user: string,
      { first, after, unreadOnly }: NotificationPageRequest,
    ): Promise<Page<Notification>> {
      const cursor = fromCursor('notifications', after);
      const parameters = { user, limit: first, cursor, unread: unreadOnly || null };
      const path = target(['notifications'], parameters);
      return page({ target: path, items: first }, call, decodePage(cursor, user, first));
    }

    return {
      /** One user's notifications, newest first. */
      async byUser(userId: string, { first, after, unreadOnly = false }: NotificationPageRequest) {
        const user = checkUserId(userId);
        call.recorder?.addTags?.([listTag(user), ...(unreadOnly ? [unreadListTag(user)] : [])]);
        const found = await (after == null && !unreadOnly
          ? firstPages.load(user, { first })
          : loadPage(user, { first, after, unreadOnly }));
        call.recorder?.addTags?.(found.edges.map(({ node }) => notificationTag(node.id)));
        return found;
      },

      /** A notification that the user has just received; null if it is not among the newest anymore. */
      async received(userId: string, id: string): Promise<Notification | null> {
        const { edges } = await firstPages.load(checkUserId(userId), { first: MAX_JUST_RECEIVED });
        return edges.find(({ node }) => node.id === id)?.node ?? null;
      },

      /** The number of the user's unread notifications. */
      async unreadCount(userId: string): Promise<number> {
        checkUserId(userId);
        call.recorder?.addTags?.([unreadCountTag(userId)]);
        return unreadCounts.load(userId);
      },

      /** Announcements for everyone, newest first. */
      async announcements(): Promise<Announcement[]> {
        call.recorder?.addTags?.(['announcements']);
        const path = target(['announcements']);
        const found = await announcements({ target: path }, call, decodeAnnouncements);
        call.recorder?.addTags?.(found.map(({ id }) => tagOf('Announcement', id)));
        return found;
      },

      /**
       * @returns the user's notifications among the ids, now read, and a problem for each other id
       */
      async markRead(
        userId: string,
        ids: readonly string[],
      ): Promise<MutationResult<Notification[]>> {
        const json = { userId: checkUserId(userId), ids: ids.map(checkId) };
        firstPages.clearAll();
        unreadCounts.clearAll();
        const path = target(['notifications', 'read']);
        // For an unknown outcome all of the viewer's lists, but not the ids, which may be another user's.
        const tagsOf = (result?: MutationResult<Notification[]>) =>
          result
            ? markedReadTags(userId, result.value ?? [])
            : [listTag(userId), unreadCountTag(userId)];
        const change = { method: 'POST', target: path, json, tagsOf } as const;
        return markRead(change, call, decodeMarked(userId, ids));
      },
    };
  };
}

const decodeLists =
  (users: readonly string[], { first }: Lane) =>
  (reply: UpstreamReply<Wire['NotificationLists']>): ReadonlyMap<string, Page<Notification>> => {
    const lists = list(bodyOf(reply).lists, (wire) => {
      const user = string(wire.userId);
      return [user, toPage(wire, user, first)] as const;
    });
    return requireAllKeys(users, new Map(lists));
  };

const decodePage =
  (cursor: string | null, user: string, first: number) =>
  (reply: UpstreamReply<Wire['NotificationPage']>): Page<Notification> =>
    toPage(pageBodyOf(reply, cursor), user, first);

const decodeCounts =
  (users: readonly string[]) =>
  (reply: UpstreamReply<Wire['UnreadCounts']>): ReadonlyMap<string, number> => {
    const counts = list(
      bodyOf(reply).counts,
      (wire) => [string(wire.userId), count(wire.count)] as const,
    );
    return requireAllKeys(users, new Map(counts));
  };

const decodeAnnouncements = (reply: UpstreamReply<Wire['AnnouncementList']>): Announcement[] =>
  list(bodyOf(reply).announcements, toAnnouncement);

const decodeMarked =
  (user: string, ids: readonly string[]) =>
  (reply: UpstreamReply<Wire['ReadResult']>): MutationResult<Notification[]> => {
    const body = bodyOf(reply);
    const missing = new Set(strings(body.missing));
    return {
      value: list(body.notifications, (wire) => toNotification(wire, user), ids.length),
      problems: ids.flatMap((id, index) =>
        missing.has(id) ? [{ code: 'NOT_FOUND' as const, field: [String(index)] }] : [],
      ),
    };
  };

/** @param maxItems - the number of requested items */
function toPage(
  { notifications, nextCursor }: Wire['NotificationPage'],
  user: string,
  maxItems?: number,
): Page<Notification> {
  const toEdge = (wire: Wire['Notification']) => ({
    cursor: toCursor('notifications', string(wire.cursor)),
    node: toNotification(wire, user),
  });
  return { edges: list(notifications, toEdge, maxItems), hasNextPage: hasNextPage(nextCursor) };
}

function toNotification(wire: Wire['Notification'], user: string): Notification {
  expectId(user, wire.userId);
  return {
    id: string(wire.id),
    kind: oneOf(wire.kind, KIND),
    title: string(wire.title),
    body: string(wire.body),
    createdAt: dateTime(wire.createdAt),
    readAt: dateTimeOrNull(wire.readAt),
  };
}

const toAnnouncement = (wire: Wire['Announcement']): Announcement => ({
  id: string(wire.id),
  title: string(wire.title),
  body: string(wire.body),
  publishedAt: dateTime(wire.publishedAt),
});
