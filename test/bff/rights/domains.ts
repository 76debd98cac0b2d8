import { CAST } from '../../../services/support/cast.ts';
import type { Environment, Json, TestViewer } from '../../support/environment.ts';
import type { FieldPath } from '../../support/field-paths.ts';
import { resolveValues } from '../../support/resolve-values.ts';

/** A root field with arguments. */
export interface Entry {
  readonly root: string;
  readonly whose: 'own' | "another's" | "everyone's";
  readonly args: string;
  /** The type of the object, if the field returns an interface. */
  readonly on?: string;
  /** Arguments that result in user errors; undefined if there are none. */
  readonly invalidArgs?: string | undefined;
  /** The event that a subscription gets, if it is about the viewer's or the named object. */
  readonly event?: { readonly type: string; readonly id: string | undefined };
}

/** A domain's part of the tests of rights. */
interface Domain<Ids = unknown> {
  /** Its root fields, by whose objects they return or change. */
  entries(own: Ids, another: Ids): Entry[];
  /** Ids that no object has. */
  readonly missing?: Ids;
  /** Lets a user have one of each object, at the service itself. @returns the ids for arguments */
  seed?(environment: Environment, userId: string, key: string): Promise<Ids>;
  /** Reads all that the service stores of a user. */
  read?(environment: Environment, userId: string): Promise<Json>;
  /** The values in it that identify the user. */
  identifying?(state: Json): unknown[];
}

const domain = <Ids>(definition: Domain<Ids>): Domain => definition as Domain;

const id = (value: string) => `(id: "${value}")`;
const idList = (values: readonly string[]) => `(ids: ${JSON.stringify(values)})`;
const toIds = (objects: Json[]): string[] => objects.map((object) => object.id);
const orderOf = (quantity: number) =>
  `(input: { idempotencyKey: "rights-${quantity}", currency: "EUR", items: [{ sku: "BAG-TOTE", quantity: ${quantity} }] })`;

const orderChanges = (own: string, another: string): Entry[] => {
  const type = 'order.changed';
  return [
    { root: 'orderChanged', whose: 'own', args: id(own), event: { type, id: own } },
    { root: 'orderChanged', whose: "another's", args: id(another), event: { type, id: another } },
  ];
};

/** The root fields of one BFF. */
const BFF_ENTRIES: readonly Entry[] = [
  { root: 'viewer', whose: 'own', args: '' },
  { root: 'dashboard', whose: 'own', args: '' },
  { root: 'me', whose: 'own', args: '' },
];

/** To remove a domain, delete its entry. */
const DOMAINS: Readonly<Record<string, Domain>> = {
  bff: domain({ entries: () => [...BFF_ENTRIES] }),

  user: domain({
    entries: (own, another) => [
      { root: 'profile', whose: 'own', args: id(own) },
      { root: 'profile', whose: "another's", args: id(another) },
      { root: 'customers', whose: "everyone's", args: '' },
      {
        root: 'updateProfile',
        whose: 'own',
        args: '(input: { locale: "en-GB" })',
        invalidArgs: '(input: { name: " " })',
      },
    ],
    missing: '999999',
    async seed({ services }, userId, key) {
      await services.user.inject({
        method: 'PATCH',
        url: `/users/${userId}`,
        payload: { avatarUrl: `https://avatars.example/${key}-${userId}.png` },
      });
      return userId;
    },
    read: (environment, userId) => environment.read('user', `/users/${userId}`),
    identifying: ({ name, email, avatarUrl }) => [name, email, avatarUrl],
  }),

  order: domain<{ placed: string; shipped: string | undefined }>({
    entries: (own, another) => [
      { root: 'order', whose: 'own', args: id(own.placed) },
      { root: 'order', whose: "another's", args: id(another.placed) },
      // The other types: ../node.test.ts.
      { root: 'node', on: 'Order', whose: 'own', args: id(`Order:${own.placed}`) },
      { root: 'node', on: 'Order', whose: "another's", args: id(`Order:${another.placed}`) },
      ...orderChanges(own.placed, another.placed),
      { root: 'recentOrders', whose: "everyone's", args: '' },
      { root: 'placeOrder', whose: 'own', args: orderOf(1), invalidArgs: orderOf(0) },
      {
        root: 'cancelOrder',
        whose: 'own',
        args: id(own.placed),
        invalidArgs: own.shipped && id(own.shipped),
      },
      {
        root: 'cancelOrder',
        whose: "another's",
        args: id(another.placed),
        invalidArgs: another.shipped && id(another.shipped),
      },
    ],
    missing: { placed: '999999', shipped: '999998' },
    async seed({ services, read }, userId, key) {
      const placed = await services.order.inject({
        method: 'POST',
        url: '/orders',
        headers: { 'idempotency-key': key },
        payload: { userId, currency: 'EUR', items: [{ sku: 'BAG-TOTE', quantity: 2 }] },
      });
      const { orders } = await read('order', `/orders?user=${userId}&status=shipped&limit=1`);
      return { placed: placed.json().id, shipped: orders[0]?.id };
    },
    read: async ({ read }, userId) =>
      (await read('order', `/orders?user=${userId}&limit=50`)).orders,
    identifying: toIds,
  }),

  notification: domain<readonly string[]>({
    entries: (own, another) => [
      { root: 'announcements', whose: "everyone's", args: '' },
      {
        root: 'notificationReceived',
        whose: 'own',
        args: '',
        event: { type: 'notification.created', id: own[0] },
      },
      { root: 'markNotificationsRead', whose: 'own', args: idList(own) },
      {
        root: 'markNotificationsRead',
        whose: "another's",
        args: idList(another),
        invalidArgs: idList(another),
      },
    ],
    missing: ['999999', '999998'],
    seed: async ({ read }, userId) =>
      toIds((await read('notification', `/notifications?user=${userId}&limit=2`)).notifications),
    read: async ({ read }, userId) =>
      (await read('notification', `/notifications?user=${userId}&limit=50`)).notifications,
    identifying: toIds,
  }),
};

/** The ids of a user's objects, by domain. */
export type OwnedIds = Readonly<Record<string, unknown>>;
/** A user's stored data, by domain. */
type State = Readonly<Record<string, Json>>;

/** Every root field of all BFFs with each kind of argument. */
export const entriesFor = (own: OwnedIds, another: OwnedIds): Entry[] =>
  Object.entries(DOMAINS).flatMap(([name, { entries }]) => entries(own[name], another[name]));

/** Whether a path leads through an object of the type that the entry's field returns. */
export const isOnPath = ({ on }: Entry, { steps: [, step] }: FieldPath): boolean =>
  on === undefined || step === undefined || step.on === on;

export const MISSING_IDS: OwnedIds = mapDomains(({ missing }) => missing);

/**
 * Lets a viewer have one of each object.
 * @param key - another key makes other objects
 */
export function seedObjects(
  environment: Environment,
  viewer: TestViewer,
  key = 'seed',
): Promise<OwnedIds> {
  const userId = viewer === 'staff' ? CAST.staff : viewer;
  return resolveValues(mapDomains(({ seed }) => seed?.(environment, userId, key)));
}

/** Reads all that the services store of a user. */
export const readState = (environment: Environment, userId: string): Promise<State> =>
  resolveValues(mapDomains(({ read }) => read?.(environment, userId)));

/** The values that identify a user wherever they appear. */
export const identifyingValues = (state: State): unknown[] =>
  Object.entries(DOMAINS).flatMap(([name, { identifying }]) => identifying?.(state[name]) ?? []);

function mapDomains<T>(map: (domain: Domain) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(DOMAINS).map(([name, each]) => [name, map(each)]));
}
