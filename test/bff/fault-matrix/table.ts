import type { Fault } from '../../../services/support/faults.ts';
import type { UPSTREAMS } from '../../../src/datasources/upstreams.ts';

export type ServiceName = keyof typeof UPSTREAMS;

/** A service that fails, or one of its operations. */
export type Target = ServiceName | `${ServiceName}.${string}`;

/**
 * The fields that are null while a target fails, by BFF and committed operation; each has an error of
 * its own. `*` stands for every element of a list. All other fields are as usual.
 */
export const LOST_FIELDS: Readonly<
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
    Account: {
      user: ['viewer.user'],
      order: ['viewer.orders'],
      notification: ['viewer.unreadCount', 'viewer.notifications', 'announcements'],
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

/** Upstreams that no committed operation calls. */
export const UNCALLED: readonly Target[] = [];

/** The upstream operation of each committed mutation. */
export const MUTATIONS: Readonly<
  Record<string, { readonly call: string; readonly readsFirst?: true }>
> = {
  /** Reads the order before it cancels it, so the mutation is not sent to a service that fails. */
  CancelOrder: { call: 'cancelOrder', readsFirst: true },
  PlaceOrder: { call: 'placeOrder' },
  MarkNotificationsRead: { call: 'markRead' },
  UpdateProfile: { call: 'updateUser' },
};

export interface Failure {
  /** Undefined if the service does not listen. */
  readonly fault?: Fault;
  readonly code: 'UPSTREAM_TIMEOUT' | 'UPSTREAM_UNAVAILABLE';
  /** The effect of a failed mutation. */
  readonly mutation: 'not sent' | 'rejected' | 'unknown';
}

/** The failures of a service, as the end of "while a service …". */
export const FAILURES: Readonly<Record<string, Failure>> = {
  hangs: { fault: { hang: true }, code: 'UPSTREAM_TIMEOUT', mutation: 'unknown' },
  'hangs in the middle of a response': {
    fault: { cutBody: 'hang' },
    code: 'UPSTREAM_TIMEOUT',
    mutation: 'unknown',
  },
  'is down': { code: 'UPSTREAM_UNAVAILABLE', mutation: 'not sent' },
  'resets connections': unavailable({ reset: true }),
  'resets connections in the middle of a response': unavailable({ cutBody: 'reset' }),
  'returns 500': unavailable({ status: 500 }),
  'returns 429': {
    fault: { status: 429, retryAfter: 1 },
    code: 'UPSTREAM_UNAVAILABLE',
    mutation: 'rejected',
  },
  'returns 400 without a reason': unavailable({ status: 400 }),
  'sends malformed JSON': unavailable({ malformed: 'json' }),
  'sends JSON of another shape': unavailable({ malformed: 'shape' }),
  'sends values of wrong types': unavailable({ malformed: 'types' }),
  'sends an oversized response': unavailable({ body: 'oversized' }),
};

function unavailable(fault: Fault): Failure {
  return { fault, code: 'UPSTREAM_UNAVAILABLE', mutation: 'unknown' };
}

/** The messages of the errors; `unknown` is for a mutation that may have been applied. */
export const MESSAGES = {
  UPSTREAM_TIMEOUT: 'This part of the response timed out. Retry later.',
  UPSTREAM_UNAVAILABLE: 'This part of the response is temporarily unavailable. Retry later.',
  unknown: 'The outcome of this change is unknown. Check it before you retry.',
} as const;
