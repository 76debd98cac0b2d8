import { randomUUID } from 'node:crypto';
import { CAST } from '../../services/support/cast.ts';
import type { Asker, Json, World } from '../support/world.ts';
import { type Copies, type Copy, copiesOf } from './invalidation-desk.ts';

// What is kept of users 42 and 43 on either BFF, and how it is changed.

export const ME = CAST.customer;
export const OTHER = CAST.otherCustomer;

const connection = (fields: string) =>
  `{ edges { cursor node { ${fields} } } pageInfo { hasNextPage } }`;
const ordersOf = (args: string) => `{ viewer { orders${args} ${connection('id status')} } }`;
const notificationsOf = (args: string) =>
  `{ viewer { notifications${args} ${connection('id readAt')} } }`;

export const ORDERS: Readonly<Record<string, string>> = {
  orders: ordersOf(''),
  'the first orders': ordersOf('(first: 2)'),
  placed: ordersOf('(status: PLACED)'),
  shipped: ordersOf('(status: SHIPPED)'),
  cancelled: ordersOf('(status: CANCELLED)'),
};

export const NOTIFICATIONS: Readonly<Record<string, string>> = {
  notifications: notificationsOf(''),
  unread: notificationsOf('(unreadOnly: true)'),
  'unread count': '{ viewer { unreadCount } }',
};

export const ACCOUNT: Readonly<Record<string, string>> = {
  account: '{ viewer { user { name avatarUrl locale } } }',
  'orders with their customer': `{ viewer { orders(first: 1) ${connection('customer { name }')} } }`,
};

export const PHONE: Readonly<Record<string, string>> = {
  dashboard: `{ dashboard { user { name } orders { id status } notifications { id readAt }
    unreadCount announcements { title } } }`,
  account: '{ dashboard { user { name avatarUrl } } }',
  orders: '{ dashboard { orders(first: 3) { id status } } }',
  notifications: '{ dashboard { notifications { id readAt } } }',
  'unread count': '{ dashboard { unreadCount } }',
};

export const STAFF: Copies = copiesOf('staff', {
  customers: `{ customers(first: 50) ${connection('id name')} }`,
  'customers by search': `{ customers(search: "a", first: 50) ${connection('name')} }`,
  'recent orders': '{ recentOrders { id status } }',
});

export const profileOf = (id: string): Copies => ({
  [`profile ${id}`]: { query: `{ profile(id: "${id}") { name avatarUrl } }` },
});

/** The page after the first two orders. */
export async function nextOrders(world: World, as: Asker): Promise<Copies> {
  const { body } = await world.ask(ORDERS['the first orders'] ?? '', { as });
  const { cursor } = body.data.viewer.orders.edges[1];
  return copiesOf(as, { 'the next orders': ordersOf(`(first: 5, after: "${cursor}")`) });
}

/** An order of its own, as the viewer and as staff. */
export const orderOf = (as: Asker, id: string): Copies => ({
  ...copiesOf(as, { [`order ${id}`]: `{ order(id: "${id}") { id status } }` }),
  ...copiesOf('staff', { [`order ${id}`]: `{ order(id: "${id}") { id status } }` }),
});

/** The newest of a user's orders that has a status. */
export async function orderWith(world: World, user: string, status: string): Promise<string> {
  const { orders } = await world.read('order', `/orders?user=${user}&limit=50&status=${status}`);
  return orders[0].id;
}

/** Ids of a user's newest notifications that are unread. */
export async function unreadOf(world: World, user: string, count: number): Promise<string[]> {
  const path = `/notifications?user=${user}&unread=true&limit=${count}`;
  return (await world.read('notification', path)).notifications.map(({ id }: Json) => id);
}

export const UPDATE = `mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) {
  user { name } userErrors { code } } }`;
export const PLACE = `mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) {
  order { id } userErrors { code } } }`;
export const CANCEL = `mutation ($id: ID!) { cancelOrder(id: $id) {
  order { status } userErrors { code } } }`;
export const MARK = `mutation ($ids: [ID!]!) { markNotificationsRead(ids: $ids) {
  notifications { id } userErrors { code } } }`;

export const rename = (name: string, as: Asker = ME): Copy => ({
  as,
  query: UPDATE,
  variables: { input: { name } },
});
export const place = (as: Asker = ME, sku = 'PAPER-NOTE'): Copy => ({
  as,
  query: PLACE,
  variables: {
    input: { idempotencyKey: randomUUID(), currency: 'EUR', items: [{ sku, quantity: 1 }] },
  },
});
export const cancel = (id: string, as: Asker = ME): Copy => ({
  as,
  query: CANCEL,
  variables: { id },
});
export const markRead = (ids: readonly string[], as: Asker = ME): Copy => ({
  as,
  query: MARK,
  variables: { ids },
});
