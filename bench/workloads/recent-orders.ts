import { userOf } from '../upstream/data.ts';
import { recentOrders } from '../upstream/recent-orders.ts';
import { variantDirectives, variantParameters } from './variants.ts';

const COUNT = 50;

const FIELDS = `recentOrders(first: ${COUNT}) { id status items { sku } customer { id name } }`;

export const SINGLE_QUERY = `query RecentOrders { ${FIELDS} }`;

/**
 * The same query with variables that do not change the answer. The list is the same for all staff, so
 * without them a server could share one execution among concurrent requests.
 */
export const RECENT_ORDERS_QUERY = `query RecentOrders(${variantParameters}) { ${FIELDS} ${variantDirectives} }`;

const orders = recentOrders(COUNT).map(({ id, status, items, userId }) => ({
  id,
  status: status.toUpperCase(),
  items: items.map(({ sku }) => ({ sku })),
  customer: { id: userId, name: userOf(userId).name },
}));

/** The answers that every peer must give to the two queries, computed from the upstream's data. */
export const expectedSingle = { data: { recentOrders: orders } };
export const expectedRecentOrders = { data: { recentOrders: orders, __typename: 'Query' } };
