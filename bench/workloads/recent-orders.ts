import { userOf } from '../upstream/data.ts';
import { recentOrders } from '../upstream/recent-orders.ts';

const COUNT = 50;
const BITS = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

/** Number of distinct sets of variables; more than there are connections. */
export const VARIANT_COUNT = 2 ** BITS.length;

const FIELDS = `recentOrders(first: ${COUNT}) { id status items { sku } customer { id name } }`;

export const SINGLE_QUERY = `query RecentOrders { ${FIELDS} }`;

/**
 * The same query with variables that do not change the answer. The list is the same for all staff, so
 * without them a server could share one execution among concurrent requests.
 */
export const RECENT_ORDERS_QUERY = `query RecentOrders(${BITS.map((bit) => `$${bit}: Boolean!`).join(', ')}) { ${FIELDS} ${BITS.map((bit) => `__typename @include(if: $${bit}) __typename @skip(if: $${bit})`).join(' ')} }`;

/** Variables that differ for each index below VARIANT_COUNT. */
export const variantVariables = (index: number): Readonly<Record<string, boolean>> =>
  Object.fromEntries(BITS.map((bit, position) => [bit, (index >> position) % 2 === 1]));

const orders = recentOrders(COUNT).map(({ id, status, items, userId }) => ({
  id,
  status: status.toUpperCase(),
  items: items.map(({ sku }) => ({ sku })),
  customer: { id: userId, name: userOf(userId).name },
}));

/** The answers that every peer must give to the two queries, computed from the upstream's data. */
export const expectedSingle = { data: { recentOrders: orders } };
export const expectedRecentOrders = { data: { recentOrders: orders, __typename: 'Query' } };
