import type { Fault } from '../../../services/support/faults.ts';
import type { UPSTREAMS } from '../../../src/datasources/upstreams.ts';

/** What can be struck: a service, or one of its operations alone. */
export type Target = keyof typeof UPSTREAMS | 'order.cancelOrder' | 'notification.unreadByUsers';

/**
 * What each target costs each committed operation: the fields that are then null, each with an error
 * of its own; `*` stands for every member of a list. Everything else is as if nothing had happened.
 */
export const COSTS: Readonly<
  Record<string, Readonly<Record<string, Partial<Record<Target, readonly string[]>>>>>
> = {
  mobile: {
    Dashboard: {
      user: ['dashboard.user'],
      order: ['dashboard.orders'],
      notification: ['dashboard.notifications', 'dashboard.unreadCount', 'dashboard.announcements'],
    },
    PublicProfile: { user: ['profile'] },
    CancelOrder: { order: ['cancelOrder'], 'order.cancelOrder': ['cancelOrder'] },
    PlaceOrder: { order: ['placeOrder'] },
    MarkNotificationsRead: {
      notification: ['markNotificationsRead'],
      'notification.unreadByUsers': ['markNotificationsRead.unreadCount'],
    },
    UpdateProfile: { user: ['updateProfile'] },
  },
  web: {
    Home: {
      user: ['viewer.user'],
      order: ['viewer.orders'],
      notification: ['viewer.unreadCount', 'announcements'],
    },
    OrderList: { order: ['viewer.orders'] },
    OrderDetail: { order: ['order'], user: ['order.customer'] },
    NotificationList: { notification: ['viewer.unreadCount', 'viewer.notifications'] },
    RecentOrders: { order: ['recentOrders'], user: ['recentOrders.*.customer'] },
    Customers: { user: ['customers'] },
    PublicProfile: { user: ['profile'] },
    CancelOrder: { order: ['cancelOrder'], 'order.cancelOrder': ['cancelOrder'] },
    PlaceOrder: { order: ['placeOrder'] },
    MarkNotificationsRead: {
      notification: ['markNotificationsRead'],
      'notification.unreadByUsers': ['markNotificationsRead.unreadCount'],
    },
    UpdateProfile: { user: ['updateProfile'] },
  },
  partner: {
    Me: { user: ['me.user'] },
    MyOrders: { order: ['me.orders'] },
    OrderDetail: { order: ['order'] },
    RecentOrders: { order: ['recentOrders'] },
    CancelOrder: { order: ['cancelOrder'], 'order.cancelOrder': ['cancelOrder'] },
    PlaceOrder: { order: ['placeOrder'] },
  },
};

/** Upstreams that no committed operation calls, so that nothing is lost with them. */
export const UNCALLED: readonly Target[] = [];

/** The call that makes each change. */
export const CHANGES: Readonly<Record<string, { readonly call: string; readsFirst?: true }>> = {
  /** Whose order it is must be known first, so a lost service is not sent the change. */
  CancelOrder: { call: 'cancelOrder', readsFirst: true },
  PlaceOrder: { call: 'placeOrder' },
  MarkNotificationsRead: { call: 'markRead' },
  UpdateProfile: { call: 'updateUser' },
};

export interface Loss {
  /** What goes wrong; nothing listens any more where this is missing. */
  readonly fault?: Fault;
  readonly code: 'UPSTREAM_TIMEOUT' | 'UPSTREAM_UNAVAILABLE';
  /** Whether a change may have been made behind an error. */
  readonly change: 'was not sent' | 'was refused' | 'may have happened';
}

/** How a service can be lost, and what the errors say then. */
export const LOSSES: Readonly<Record<string, Loss>> = {
  slow: { fault: { hang: true }, code: 'UPSTREAM_TIMEOUT', change: 'may have happened' },
  'hanging in the middle of an answer': {
    fault: { cutBody: 'hang' },
    code: 'UPSTREAM_TIMEOUT',
    change: 'may have happened',
  },
  down: { code: 'UPSTREAM_UNAVAILABLE', change: 'was not sent' },
  'resetting connections': unavailable({ reset: true }),
  'resetting in the middle of an answer': unavailable({ cutBody: 'reset' }),
  failing: unavailable({ status: 500 }),
  'limiting its callers': {
    fault: { status: 429, retryAfter: 1 },
    code: 'UPSTREAM_UNAVAILABLE',
    change: 'was refused',
  },
  'refusing without a reason': unavailable({ status: 400 }),
  'sending broken JSON': unavailable({ malformed: 'json' }),
  'sending something else': unavailable({ malformed: 'shape' }),
  'sending wrong types': unavailable({ malformed: 'types' }),
  'sending far too much': unavailable({ body: 'oversized' }),
};

function unavailable(fault: Fault): Loss {
  return { fault, code: 'UPSTREAM_UNAVAILABLE', change: 'may have happened' };
}

/** What the errors say; of a change that may have happened, that it is unknown. */
export const SENTENCES = {
  UPSTREAM_TIMEOUT: 'This part of the response timed out. Retry later.',
  UPSTREAM_UNAVAILABLE: 'This part of the response is temporarily unavailable. Retry later.',
  unknown: 'The outcome of this change is unknown. Check it before you retry.',
} as const;
