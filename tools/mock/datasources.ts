import { ANNOUNCEMENTS } from '../../services/notification/announcements.ts';
import { TEXTS } from '../../services/notification/texts.ts';
import { CATALOGUE, toItem } from '../../services/order/catalogue.ts';
import { canonicalBody, placeOrderSchema } from '../../services/order/place-order.ts';
import { DAY_MS } from '../../services/support/cast.ts';
import { profileChange } from '../../services/user/profile.ts';
import type { CallContext, Datasources } from '../../src/datasources/index.ts';
import type {
  Notification,
  Order,
  OrderItem,
  OrderStatus,
  Page,
  PageRequest,
  User,
} from '../../src/datasources/models.ts';
import { applied, rejected } from '../../src/datasources/mutation-result.ts';
import { IDEMPOTENCY_KEY } from '../../src/datasources/order.ts';
import { decodePlaced } from '../../src/datasources/order-decoder.ts';
import {
  badCursor,
  checkId,
  checkUserId,
  fromCursor,
  toCursor,
} from '../../src/datasources/target.ts';
import { decodeUpdate } from '../../src/datasources/user.ts';
import { BffError } from '../../src/errors.ts';
import type { Viewer } from '../../src/viewer.ts';
import { validate } from './validation.ts';
import { toTime, type Values } from './values.ts';

// The datasources of the mocked BFFs. They have every id that is requested; the lists of a user have items
// with ids of the form `<user>-<number>`.

/** What mutations have changed since the start, by type and id. All BFFs share it. */
export type Changes = Map<string, object>;

/** What was placed with an idempotency key. */
interface Placed {
  readonly content: string;
  readonly id: string;
}

type Create<Name extends keyof Datasources> = (
  values: Values,
  changes: Changes,
) => (call: CallContext) => Datasources[Name];

const CUSTOMERS = 40;
const ORDERS_PER_USER = 23;
const NOTIFICATIONS_PER_USER = 15;
const UNREAD_PER_USER = 4;
const STATUSES: readonly OrderStatus[] = ['SHIPPED', 'DELIVERED', 'DELIVERED', 'CANCELLED'];
const KINDS = { ORDER_UPDATE: 'order_update', PROMOTION: 'promotion', ACCOUNT: 'account' } as const;

const MOCKS = {
  users: createUsers,
  orders: createOrders,
  notifications: createNotifications,
} satisfies { [Name in keyof Datasources]?: Create<Name> };

export const isMocked = (name: string): name is keyof typeof MOCKS => Object.hasOwn(MOCKS, name);

/** The methods of a datasource without a mock. */
const UNAVAILABLE = new Proxy(
  {},
  {
    get: () => async () => {
      throw new BffError('UPSTREAM_UNAVAILABLE', 'This part has no mock: see docs/mock.md.');
    },
  },
);

/** Creates the mock of a datasource, which creates that of one request. */
export const createMockSource = (
  name: string,
  values: Values,
  changes: Changes,
): ((call: CallContext) => unknown) =>
  isMocked(name) ? MOCKS[name](values, changes) : () => UNAVAILABLE;

const range = (length: number): number[] => Array.from({ length }, (_item, n) => n + 1);
const customerIds = (): string[] => range(CUSTOMERS).map(String);

/** @param number - 1 for the newest one */
const idIn = (user: string, number: number): string =>
  `${user.replaceAll(/[^\w-]/g, '_')}-${number}`;

/** The user of an id of a list; undefined for any other id. */
const userIn = (id: string): string | undefined => /^(.+)-\d+$/.exec(id)?.[1];

/** True if the id is not of another user's list. */
const belongsTo = (user: string, id: string): boolean =>
  userIn(id) === undefined || idIn(user, numberOf(id)) === id;

/** The number of an id of a list; a small one for any other id. */
function numberOf(id: string): number {
  const [, number] = /-(\d+)$/.exec(id) ?? [];
  return number === undefined ? 1 : Number(number);
}

/**
 * A cursor has the id of its item, so that it stays valid while items are added and changed.
 * @param isIncluded - the items that the viewer has requested
 */
function createPage<T extends { readonly id: string }>(
  list: string,
  all: readonly T[],
  { first, after }: PageRequest,
  isIncluded: (item: T) => boolean = () => true,
): Page<T> {
  const last = fromCursor(list, after);
  const start = last === null ? 0 : all.findIndex(({ id }) => id === last) + 1;
  if (last !== null && start === 0) throw badCursor();
  const rest = all.slice(start).filter(isIncluded);
  return {
    edges: rest.slice(0, first).map((node) => ({ cursor: toCursor(list, node.id), node })),
    hasNextPage: rest.length > first,
  };
}

function createUsers(
  values: Values,
  changes: Changes,
): (call: CallContext) => Datasources['users'] {
  const find = (id: string): User => ({
    ...values.object<User>('User', id),
    ...changes.get(`User:${id}`),
  });

  return () => ({
    async byId(id) {
      return find(checkUserId(id));
    },
    async page({ search, ...request }) {
      const text = search?.toLowerCase() ?? '';
      const all = customerIds()
        .map(find)
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      return createPage('users', all, request, ({ name, email }) =>
        `${name}\n${email}`.toLowerCase().includes(text),
      );
    },
    async update(id, change) {
      const { input, refusal } = validate(profileChange, change, decodeUpdate(checkUserId(id)));
      if (refusal) return refusal;
      changes.set(`User:${id}`, { ...changes.get(`User:${id}`), ...input });
      return applied(find(id));
    },
  });
}

function createOrders(
  values: Values,
  changes: Changes,
): (call: CallContext) => Datasources['orders'] {
  /** The orders that were placed since the start, newest first. */
  const placedBy = (user: string) => (changes.get(`orders:${user}`) ?? []) as readonly Order[];

  function createOrder(id: string, customerId: string): Order {
    const random = values.randomFor({ object: `Order:${id}`, field: 'items' });
    const currency = random.pick(['USD', 'EUR', 'GBP', 'JPY'] as const);
    const items = range(random.int(1, 3)).map(() =>
      toItem(random.pick(CATALOGUE), random.int(1, 3), currency),
    );
    const number = numberOf(id);
    return {
      ...values.object<Order>('Order', id),
      ...withItems(items),
      customerId,
      status: number <= 2 ? 'PLACED' : random.pick(STATUSES),
      placedAt: toTime((number * 9 + random.next()) * DAY_MS),
      ...changes.get(`Order:${id}`),
    };
  }

  /** The user of a list's id; else the viewer, or for a viewer that is no customer any user. */
  function ownerOf(id: string, viewer: Viewer): string {
    const user = userIn(id);
    if (viewer.role === 'customer') return belongsTo(viewer.id, id) ? viewer.id : (user ?? '');
    return (
      user ?? values.randomFor({ object: `Order:${id}`, field: 'customer' }).pick(customerIds())
    );
  }

  const listOf = (user: string): Order[] => [
    ...placedBy(user).map((order) => ({ ...order, ...changes.get(`Order:${order.id}`) })),
    ...range(ORDERS_PER_USER).map((number) => createOrder(idIn(user, number), user)),
  ];

  return ({ viewer }) => {
    const find = (id: string): Order => {
      const owner = ownerOf(checkId(id), viewer);
      return placedBy(owner).some((order) => order.id === id)
        ? (listOf(owner).find((order) => order.id === id) as Order)
        : createOrder(id, owner);
    };

    return {
      async byId(id) {
        return find(id);
      },
      async byUser(user, { status, ...request }) {
        const all = listOf(checkUserId(user));
        const isIncluded = (order: Order) => status == null || order.status === status;
        return createPage('orders', all, request, isIncluded);
      },
      async recent(first) {
        return customerIds()
          .flatMap((user) => listOf(user).slice(0, 2))
          .sort((a, b) => (a.placedAt > b.placedAt ? -1 : 1))
          .slice(0, first);
      },
      async place(user, { idempotencyKey, ...order }) {
        if (!IDEMPOTENCY_KEY.test(idempotencyKey)) {
          return rejected([{ code: 'INVALID', field: ['idempotencyKey'] }]);
        }
        const decode = decodePlaced(user);
        const body = { userId: user, ...order };
        const { input, refusal } = validate(placeOrderSchema, body, decode);
        if (refusal) return refusal;
        const key = `placed:${user}:${idempotencyKey}`;
        const content = canonicalBody(input);
        const earlier = changes.get(key) as Placed | undefined;
        if (earlier) {
          return earlier.content === content
            ? applied(find(earlier.id))
            : rejected([{ code: 'IDEMPOTENCY_KEY_REUSED', field: ['idempotencyKey'] }]);
        }
        const items = input.items.map(({ sku, quantity }) => toItem(sku, quantity, input.currency));
        const id = idIn(user, ORDERS_PER_USER + placedBy(user).length + 1);
        const placed: Order = {
          ...values.object<Order>('Order', id),
          ...withItems(items),
          customerId: user,
          status: 'PLACED',
          placedAt: toTime(0),
        };
        changes.set(key, { content, id }).set(`orders:${user}`, [placed, ...placedBy(user)]);
        return applied(placed);
      },
      async cancel(id) {
        const { status } = find(id);
        if (status === 'SHIPPED' || status === 'DELIVERED') {
          return rejected([{ code: 'NOT_CANCELLABLE', field: ['id'] }]);
        }
        changes.set(`Order:${id}`, { status: 'CANCELLED' });
        return applied(find(id));
      },
    };
  };
}

/** @param items - in one currency, at least one */
const withItems = (items: readonly OrderItem[]): Pick<Order, 'items' | 'total'> => ({
  items,
  total: {
    amount: items.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice.amount, 0),
    currency: items[0]?.unitPrice.currency ?? 'EUR',
  },
});

function createNotifications(
  values: Values,
  changes: Changes,
): (call: CallContext) => Datasources['notifications'] {
  function find(id: string): Notification {
    const number = numberOf(id);
    const notification = values.object<Notification>('Notification', id);
    const random = values.randomFor({ object: `Notification:${id}`, field: 'text' });
    const [title, body] = random.pick(TEXTS[KINDS[notification.kind]]);
    const createdAt = toTime((number * 3 + random.next()) * DAY_MS);
    const readAt = number <= UNREAD_PER_USER ? null : toTime((number * 3 - 1) * DAY_MS);
    return {
      ...notification,
      title,
      body,
      createdAt,
      readAt,
      ...changes.get(`Notification:${id}`),
    };
  }

  const listOf = (user: string): Notification[] =>
    range(NOTIFICATIONS_PER_USER).map((number) => find(idIn(user, number)));

  return () => ({
    async byUser(user, { unreadOnly = false, ...request }) {
      const all = listOf(checkUserId(user));
      const isIncluded = ({ readAt }: Notification) => !unreadOnly || readAt === null;
      return createPage('notifications', all, request, isIncluded);
    },
    async received(_user, id) {
      return find(checkId(id));
    },
    async unreadCount(user) {
      return listOf(checkUserId(user)).filter(({ readAt }) => readAt === null).length;
    },
    async announcements() {
      return ANNOUNCEMENTS;
    },
    async markRead(user, ids) {
      const own = ids.filter((id) => belongsTo(user, checkId(id)));
      for (const id of own) {
        if (find(id).readAt === null) changes.set(`Notification:${id}`, { readAt: toTime(0) });
      }
      const problems = ids.flatMap((id, n) =>
        own.includes(id) ? [] : [{ code: 'NOT_FOUND' as const, field: [String(n)] }],
      );
      return { value: [...new Set(own)].map(find), problems };
    },
  });
}
