import { userOf } from '../upstream/data.ts';
import { recentOrders } from '../upstream/recent-orders.ts';

const COUNT = 50;
const BITS = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

/** So many different questions, more than there are connections. */
export const QUESTIONS = 2 ** BITS.length;

const FIELDS = `recentOrders(first: ${COUNT}) { id status items { sku } customer { id name } }`;

export const SINGLE_QUERY = `query RecentOrders { ${FIELDS} }`;

/**
 * The same, for questions that differ in variables which change no answer: who may share an execution
 * among those who ask the same (the list is for all staff) must make every answer here.
 */
export const RECENT_ORDERS_QUERY = `query RecentOrders(${BITS.map((bit) => `$${bit}: Boolean!`).join(', ')}) { ${FIELDS} ${BITS.map((bit) => `__typename @include(if: $${bit}) __typename @skip(if: $${bit})`).join(' ')} }`;

/** Variables that no other of QUESTIONS turns has. */
export const questionOf = (turn: number): Readonly<Record<string, boolean>> =>
  Object.fromEntries(BITS.map((bit, place) => [bit, (turn >> place) % 2 === 1]));

const orders = recentOrders(COUNT).map(({ id, status, items, userId }) => ({
  id,
  status: status.toUpperCase(),
  items: items.map(({ sku }) => ({ sku })),
  customer: { id: userId, name: userOf(userId).name },
}));

/** What every peer must answer, by the upstream's data alone: to SINGLE_QUERY, and to all questions. */
export const expectedSingle = { data: { recentOrders: orders } };
export const expectedRecentOrders = { data: { recentOrders: orders, __typename: 'Query' } };
