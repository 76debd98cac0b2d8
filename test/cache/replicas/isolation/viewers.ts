import assert from 'node:assert/strict';
import { CAST } from '../../../../services/support/cast.ts';
import type { StandIn } from '../../../../services/support/stand-in.ts';
import type { Random } from '../../../attack/random.ts';
import type { Json, TestViewer } from '../../../support/environment.ts';
import { mapConcurrently } from '../../../support/map-concurrently.ts';

const FIRST_USER = 101;
const PAGE = 5;

const CUSTOMER = 'customer { id name email }';
const QUERIES = {
  home: `{
    viewer {
      id
      user { id name email }
      orders(first: ${PAGE}) { edges { node { orderId: id status ${CUSTOMER} } } }
      notifications(first: ${PAGE}) { edges { node { notificationId: id title readAt } } }
      unreadCount
    }
    announcements { id title }
  }`,
  account: '{ viewer { id role user { email name } unreadCount } }',
  profile: 'query ($id: ID!) { profile(id: $id) { id name } }',
  order: `query ($id: ID!) { order(id: $id) { orderId: id status ${CUSTOMER} } }`,
  mixed: 'query ($id: ID!) { profile(id: $id) { id name } viewer { id user { name email } } }',
  customers: '{ customers(search: "Canary", first: 20) { edges { node { id name email } } } }',
  recentOrders: `{ recentOrders(first: 20) { orderId: id ${CUSTOMER} } }`,
} as const;
type QueryName = keyof typeof QUERIES;
export const QUERY_NAMES = Object.keys(QUERIES) as QueryName[];
/** Customers may send these. */
const FREQUENT: readonly QueryName[] = ['home', 'account', 'profile', 'order', 'mixed'];
const MUTATIONS = {
  rename: `mutation ($name: String!) {
    updateProfile(input: { name: $name }) { user { id name email } userErrors { code } }
  }`,
  markRead: `mutation ($id: ID!) {
    markNotificationsRead(ids: [$id]) { notifications { notificationId: id } userErrors { code } }
  }`,
  cancel: `mutation ($id: ID!) {
    cancelOrder(id: $id) { order { orderId: id status ${CUSTOMER} } userErrors { code } }
  }`,
} as const;

/** An operation of a viewer. */
export interface ViewerRequest {
  readonly viewer: TestViewer;
  readonly query: string;
  readonly variables: Readonly<Record<string, string>>;
  /** The user whose profile it requests. */
  readonly profileOf?: string;
}

interface User {
  readonly id: string;
  readonly orders: readonly string[];
  readonly notifications: readonly string[];
}

/**
 * Gives each of these users a canary: a name with its id. Its address of email, and the ids of its orders
 * and notifications, tell whose they are as well.
 * @param count - the number of customers; there are a member of staff and an anonymous viewer besides
 */
export async function createViewers(
  { user, order, notification }: Readonly<Record<'user' | 'order' | 'notification', StandIn>>,
  count: number,
) {
  const ids = Array.from({ length: count }, (_, index) => String(FIRST_USER + index));
  const read = async (service: StandIn, url: string): Promise<Json> =>
    (await service.inject(url)).json();
  const users = await mapConcurrently(ids, async (id): Promise<User> => {
    const name = `Canary ${id} 0.`;
    await user.inject({ method: 'PATCH', url: `/users/${id}`, payload: { name } });
    const { orders } = await read(order, `/orders?user=${id}&limit=50`);
    const { notifications } = await read(notification, `/notifications?user=${id}&limit=50`);
    const idsOf = (items: Json[]): string[] => items.map((item) => item.id);
    return { id, orders: idsOf(orders), notifications: idsOf(notifications) };
  });
  const owners = new Map<string, string>(
    users.flatMap(({ id, orders, notifications }) => [
      ...orders.map((order) => [`orderId ${order}`, id] as const),
      ...notifications.map((one) => [`notificationId ${one}`, id] as const),
    ]),
  );
  const viewers: readonly TestViewer[] = [...ids, 'staff', 'anonymous'];
  let renames = 0;

  /** The viewer, or anyone. */
  function ownOrOther(viewer: TestViewer, random: Random): User {
    const own = random.chance(0.5) ? users.find(({ id }) => id === viewer) : undefined;
    return own ?? random.pick(users);
  }

  function readBy(viewer: TestViewer, name: QueryName, random: Random): ViewerRequest {
    const query = QUERIES[name];
    if (!query.includes('$id')) return { viewer, query, variables: {} };
    if (name === 'order') {
      const { orders } = ownOrOther(viewer, random);
      return { viewer, query, variables: { id: random.pick(orders) ?? '10001' } };
    }
    const { id } = random.pick(users);
    return { viewer, query, variables: { id }, profileOf: id };
  }

  function mutationBy(viewer: TestViewer, random: Random): ViewerRequest {
    const mutation = random.pick(Object.keys(MUTATIONS) as (keyof typeof MUTATIONS)[]);
    const query = MUTATIONS[mutation];
    if (mutation === 'rename')
      return { viewer, query, variables: { name: `Canary ${viewer} ${++renames}.` } };
    const { orders, notifications } = ownOrOther(viewer, random);
    const id = random.pick(mutation === 'cancel' ? orders : notifications) ?? '1';
    return { viewer, query, variables: { id } };
  }

  /** The data of others in a body that is not for them; staff may read the data of all. */
  function findForeign({ viewer, profileOf }: ViewerRequest, text: string): string | undefined {
    const foreign = (pattern: RegExp, isForeign: (found: string[]) => boolean) =>
      text.matchAll(pattern).find(isForeign)?.[0];
    const self = viewer === 'staff' ? CAST.staff : viewer;
    const ofViewer = foreign(/"viewer":\{"id":"(\w+)"/g, ([, id]) => id !== self);
    const ofProfile = foreign(/"profile":\{"id":"(\w+)"/g, ([, id]) => id !== profileOf);
    if (ofViewer || ofProfile || viewer === 'staff') return ofViewer ?? ofProfile;
    return (
      foreign(/"email":"[^"@]*?(\d+)@/g, ([, id]) => id !== self) ??
      foreign(/Canary (\d+) /g, ([, id]) => id !== self && id !== profileOf) ??
      foreign(/"(orderId|notificationId)":"(\w+)"/g, ([, kind, id]) => {
        const owner = owners.get(`${kind} ${id}`);
        return owner !== undefined && owner !== self;
      })
    );
  }

  return {
    viewers,
    readBy,
    findForeign,

    /** One request in twenty is a mutation. */
    next(random: Random): ViewerRequest {
      const viewer = random.pick(viewers);
      if (random.chance(0.05) && /^\d/.test(viewer)) return mutationBy(viewer, random);
      return readBy(viewer, random.pick(random.chance(0.1) ? QUERY_NAMES : FREQUENT), random);
    },
  };
}

/** Asserts that the canaries are found: those of another user, and for an anonymous viewer all. */
export function assertFindsForeign({ findForeign }: Awaited<ReturnType<typeof createViewers>>) {
  const find = (viewer: TestViewer, text: string, profileOf?: string) =>
    findForeign({ viewer, query: '', variables: {}, ...(profileOf && { profileOf }) }, text);
  for (const text of [
    '{"viewer":{"id":"102"',
    '"email":"a.b102@example.com"',
    '"name":"Canary 102 7."',
    '"profile":{"id":"102"',
  ]) {
    assert.notEqual(find('101', text), undefined, text);
    assert.equal(find('102', text, '102'), undefined, text);
  }
  assert.notEqual(find('anonymous', '"email":"a.b102@example.com"'), undefined);
}
