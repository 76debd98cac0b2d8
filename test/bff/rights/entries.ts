import { CAST } from '../../../services/support/cast.ts';
import type { Environment, TestViewer } from '../../support/environment.ts';

/** What one user has: the ids to ask with. */
export interface Belongings {
  readonly userId: string;
  /** An order that can be cancelled. */
  readonly orderId: string;
  /** An order that has left; users with few orders may have none. */
  readonly shippedId: string | undefined;
  readonly notificationIds: readonly string[];
}

/** A root field, and arguments for it. */
export interface Entry {
  readonly root: string;
  readonly whose: 'own' | "another's" | "everyone's";
  readonly args: string;
  /** Arguments that are answered with user errors about what is wrong with them. */
  readonly mistaken?: string | undefined;
}

export const NOBODYS: Belongings = {
  userId: '999999',
  orderId: '999999',
  shippedId: '999998',
  notificationIds: ['999999', '999998'],
};

/** Every root field of all BFFs, in each way that a customer or staff may ask for it. */
export const entriesFor = (mine: Belongings, others: Belongings): Entry[] => [
  { root: 'viewer', whose: 'own', args: '' },
  { root: 'dashboard', whose: 'own', args: '' },
  { root: 'me', whose: 'own', args: '' },
  { root: 'order', whose: 'own', args: id(mine.orderId) },
  { root: 'order', whose: "another's", args: id(others.orderId) },
  { root: 'profile', whose: 'own', args: id(mine.userId) },
  { root: 'profile', whose: "another's", args: id(others.userId) },
  { root: 'recentOrders', whose: "everyone's", args: '' },
  { root: 'customers', whose: "everyone's", args: '' },
  { root: 'announcements', whose: "everyone's", args: '' },
  { root: 'placeOrder', whose: 'own', args: place('rights', 1), mistaken: place('mistake', 0) },
  {
    root: 'updateProfile',
    whose: 'own',
    args: '(input: { locale: "en-GB" })',
    mistaken: '(input: { name: " " })',
  },
  { root: 'cancelOrder', whose: 'own', args: id(mine.orderId), mistaken: id(mine.shippedId) },
  {
    root: 'cancelOrder',
    whose: "another's",
    args: id(others.orderId),
    mistaken: id(others.shippedId),
  },
  { root: 'markNotificationsRead', whose: 'own', args: ids(mine) },
  {
    root: 'markNotificationsRead',
    whose: "another's",
    args: ids(others),
    mistaken: ids(others),
  },
];

function id(value: string): string;
function id(value: string | undefined): string | undefined;
function id(value: string | undefined): string | undefined {
  return value && `(id: "${value}")`;
}

const ids = ({ notificationIds }: Belongings) => `(ids: ${JSON.stringify(notificationIds)})`;

const place = (key: string, quantity: number) =>
  `(input: { idempotencyKey: "${key}", currency: "EUR", items: [{ sku: "BAG-TOTE", quantity: ${quantity} }] })`;

/** Sees to it, past the BFF, that a user has one of everything, and says what. */
export async function furnish(
  environment: Environment,
  as: TestViewer,
  key = 'furnish',
): Promise<Belongings> {
  const { user, order } = environment.services;
  const userId = as === 'staff' ? CAST.staff : as;
  await user.inject({
    method: 'PATCH',
    url: `/users/${userId}`,
    payload: { avatarUrl: `https://avatars.example/${key}-${as}.png` },
  });
  const placed = await order.inject({
    method: 'POST',
    url: '/orders',
    headers: { 'idempotency-key': key },
    payload: { userId, currency: 'EUR', items: [{ sku: 'BAG-TOTE', quantity: 2 }] },
  });
  const { orders, notifications } = await stateOf(environment, userId);
  return {
    userId,
    orderId: placed.json().id,
    shippedId: orders.find(({ status }) => status === 'shipped')?.id,
    notificationIds: notifications.slice(0, 2).map((notification) => notification.id),
  };
}

interface State {
  readonly user: Record<string, unknown> | undefined;
  readonly orders: { id: string; status: string; placedAt: unknown }[];
  readonly notifications: { id: string; createdAt: unknown; readAt: unknown }[];
}

/** All that the services hold of one user. */
export async function stateOf({ services }: Environment, userId: string): Promise<State> {
  const [user, orders, notifications] = await Promise.all([
    services.user.inject(`/users/${userId}`),
    services.order.inject(`/orders?user=${userId}&limit=50`),
    services.notification.inject(`/notifications?user=${userId}&limit=50`),
  ]);
  return {
    user: user.json(),
    orders: orders.json().orders,
    notifications: notifications.json().notifications,
  };
}

/** What tells one user from all others, wherever it turns up. */
export const marksOf = ({ user, orders, notifications }: State): unknown[] => [
  user?.name,
  user?.email,
  user?.avatarUrl,
  ...[...orders, ...notifications].map((object) => object.id),
];
