import { randomUUID } from 'node:crypto';
import { CAST } from '../../../services/support/cast.ts';
import { type Queries, type Query, queriesAs } from '../../cache/environment.ts';
import type { Environment, Json, TestViewer } from '../../support/environment.ts';

// Queries about users 42 and 43 for the web and the mobile BFF, and mutations that change their answers.

export const CUSTOMER = CAST.customer;
export const OTHER_CUSTOMER = CAST.otherCustomer;

const connection = (fields: string) =>
  `{ edges { cursor node { ${fields} } } pageInfo { hasNextPage } }`;
const ordersQuery = (args: string) => `{ viewer { orders${args} ${connection('id status')} } }`;
const notificationsQuery = (args: string) =>
  `{ viewer { notifications${args} ${connection('id readAt')} } }`;

export const ORDERS: Readonly<Record<string, string>> = {
  orders: ordersQuery(''),
  'the first orders': ordersQuery('(first: 2)'),
  placed: ordersQuery('(status: PLACED)'),
  shipped: ordersQuery('(status: SHIPPED)'),
  cancelled: ordersQuery('(status: CANCELLED)'),
};

export const NOTIFICATIONS: Readonly<Record<string, string>> = {
  notifications: notificationsQuery(''),
  unread: notificationsQuery('(unreadOnly: true)'),
  'unread count': '{ viewer { unreadCount } }',
};

export const ACCOUNT: Readonly<Record<string, string>> = {
  account: '{ viewer { user { name avatarUrl locale } } }',
  'orders with their customer': `{ viewer { orders(first: 1) ${connection('customer { name }')} } }`,
};

export const DASHBOARD: Readonly<Record<string, string>> = {
  dashboard: `{ dashboard { user { name } orders { id status } notifications { id readAt }
    unreadCount announcements { title } } }`,
  account: '{ dashboard { user { name avatarUrl } } }',
  orders: '{ dashboard { orders(first: 3) { id status } } }',
  notifications: '{ dashboard { notifications { id readAt } } }',
  'unread count': '{ dashboard { unreadCount } }',
};

export const STAFF: Queries = queriesAs('staff', {
  customers: `{ customers(first: 50) ${connection('id name')} }`,
  'customers by search': `{ customers(search: "a", first: 50) ${connection('name')} }`,
  'recent orders': '{ recentOrders { id status } }',
});

export const profileQuery = (id: string): Queries => ({
  [`profile ${id}`]: { query: `{ profile(id: "${id}") { name avatarUrl } }` },
});

/** The query for the page after the first two orders. */
export async function nextPageQuery(environment: Environment, as: TestViewer): Promise<Queries> {
  const { body } = await environment.send(ORDERS['the first orders'] ?? '', { as });
  const { cursor } = body.data.viewer.orders.edges[1];
  return queriesAs(as, { 'the next orders': ordersQuery(`(first: 5, after: "${cursor}")`) });
}

/** Queries for one order, as the viewer and as staff. */
export const orderQueries = (as: TestViewer, id: string): Queries => ({
  ...queriesAs(as, { [`order ${id}`]: `{ order(id: "${id}") { id status } }` }),
  ...queriesAs('staff', { [`order ${id}`]: `{ order(id: "${id}") { id status } }` }),
});

/** The id of a user's newest order with a status. */
export async function orderIdWithStatus(
  environment: Environment,
  user: string,
  status: string,
): Promise<string> {
  const { orders } = await environment.read(
    'order',
    `/orders?user=${user}&limit=50&status=${status}`,
  );
  return orders[0].id;
}

/** The ids of a user's newest unread notifications. */
export async function unreadIds(
  environment: Environment,
  user: string,
  count: number,
): Promise<string[]> {
  const path = `/notifications?user=${user}&unread=true&limit=${count}`;
  return (await environment.read('notification', path)).notifications.map(({ id }: Json) => id);
}

let names = 0;
const uniqueName = () => `A Unique Name ${String.fromCharCode(97 + names++)}`;

const UPDATE = `mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) {
  user { name } userErrors { code } } }`;
const PLACE = `mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) {
  order { id } userErrors { code } } }`;
const CANCEL = `mutation ($id: ID!) { cancelOrder(id: $id) {
  order { status } userErrors { code } } }`;
const MARK = `mutation ($ids: [ID!]!) { markNotificationsRead(ids: $ids) {
  notifications { id } userErrors { code } } }`;

/** Renames a user, by default to a name that no other call uses. */
export const rename = (as: TestViewer = CUSTOMER, name = uniqueName()): Query => ({
  as,
  query: UPDATE,
  variables: { input: { name } },
});
export const placeOrder = (as: TestViewer = CUSTOMER, sku = 'PAPER-NOTE'): Query => ({
  as,
  query: PLACE,
  variables: {
    input: { idempotencyKey: randomUUID(), currency: 'EUR', items: [{ sku, quantity: 1 }] },
  },
});
export const cancelOrder = (id: string, as: TestViewer = CUSTOMER): Query => ({
  as,
  query: CANCEL,
  variables: { id },
});
export const markRead = (ids: readonly string[], as: TestViewer = CUSTOMER): Query => ({
  as,
  query: MARK,
  variables: { ids },
});
