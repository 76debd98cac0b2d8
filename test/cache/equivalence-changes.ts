import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { type GraphQLField, type GraphQLObjectType, getNamedType } from 'graphql';
import type { Json } from '../support/world.ts';
import { toDocument } from './equivalence-documents.ts';
import { createSelections } from './equivalence-selections.ts';
import type { Twins } from './equivalence-twins.ts';

/** What is changed, before it is known what there is to change. */
export interface Change {
  readonly field: string;
  /** The mutation, with variables of its own and those that the answer's selection needs. */
  readonly text: string;
  readonly variables: Record<string, unknown>;
  readonly drawn: Details;
}

interface Details {
  readonly profile: Record<string, unknown>;
  readonly sku: string;
  readonly quantity: number;
  readonly currency: string;
  readonly many: number;
  /** Whether a list of one is given as that one. */
  readonly isSingle: boolean;
}

/** One change as a service itself is asked for it. */
interface Straight {
  readonly service: keyof Twins['urls'];
  readonly path: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body: unknown;
}

interface Means {
  readonly declared: string;
  readonly variable: string;
  readonly aim: (twins: Twins, owner: string, details: Details) => Promise<Json>;
  readonly straight: (owner: string, value: Json) => Straight;
}

const NOBODYS = '999999';

const MEANS: Readonly<Record<string, Means>> = {
  updateProfile: {
    declared: '$input: UpdateProfileInput!',
    variable: 'input',
    aim: async (_twins, _owner, { profile }) => profile,
    straight: (owner, body) => ({
      service: 'user',
      path: `/users/${owner}`,
      method: 'PATCH',
      body,
    }),
  },
  placeOrder: {
    declared: '$input: PlaceOrderInput!',
    variable: 'input',
    aim: async (_twins, _owner, { sku, quantity, currency }) => ({
      idempotencyKey: randomUUID(),
      currency,
      items: [{ sku, quantity }],
    }),
    straight: (userId, { idempotencyKey, ...body }) => ({
      service: 'order',
      path: '/orders',
      headers: { 'idempotency-key': idempotencyKey },
      body: { userId, ...body },
    }),
  },
  cancelOrder: {
    declared: '$id: ID!',
    variable: 'id',
    async aim(twins, owner) {
      const path = `/orders?user=${owner}&limit=1`;
      const { orders } = await twins.read('order', path);
      const placed = await twins.read('order', `${path}&status=placed`);
      return placed.orders[0]?.id ?? orders[0]?.id ?? NOBODYS;
    },
    straight: (_owner, id) => ({ service: 'order', path: `/orders/${id}/cancel`, body: {} }),
  },
  markNotificationsRead: {
    declared: '$ids: [ID!]!',
    variable: 'ids',
    async aim(twins, owner, { many }) {
      const path = `/notifications?user=${owner}&unread=true&limit=${many}`;
      const { notifications } = await twins.read('notification', path);
      return notifications.length > 0 ? notifications.map(({ id }: Json) => id) : [NOBODYS];
    },
    straight: (userId, ids) => ({
      service: 'notification',
      path: '/notifications/read',
      body: { userId, ids },
    }),
  },
};

/**
 * The changes by one mutation.
 * @throws Error if nothing is known about it
 */
export function changesBy(
  { name: field, type }: GraphQLField<unknown, unknown>,
  orderIds: readonly string[],
): fc.Arbitrary<Change> {
  const { declared, variable } = meansOf(field);
  const args = [{ name: variable, value: `$${variable}` }];
  const root = { on: 'Mutation', field, alias: undefined, args, directive: undefined };
  const along = createSelections({ orderIds, isRash: false, hasVariables: true });
  const printed = along(getNamedType(type) as GraphQLObjectType, []).map((below) => {
    const selections = [{ ...root, wrap: 'bare' as const, below }];
    return toDocument([{ kind: 'mutation', name: undefined, declared, selections }]);
  });
  return fc
    .tuple(printed, details)
    .map(([{ text, sets }, drawn]) => ({ field, text, variables: sets[0] ?? {}, drawn }));
}

const mostly = <T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(usual) }, fc.constantFrom(...others));

const details: fc.Arbitrary<Details> = fc.record({
  profile: fc.record(
    {
      name: fc.oneof({ weight: 8, arbitrary: fc.nat().map((n) => `Name ${n}`) }, fc.constant(' ')),
      avatarUrl: fc.oneof(
        { weight: 8, arbitrary: fc.nat().map((n) => `https://avatars.example/${n}.png`) },
        fc.constantFrom(null, 'ftp://avatars.example/'),
      ),
      locale: mostly('de-AT', 'pt-BR', 'nonsense!'),
    },
    { requiredKeys: [] },
  ),
  sku: mostly('BAG-TOTE', 'PAPER-NOTE', 'NO-SUCH'),
  quantity: mostly(1, 2, 99, 0),
  currency: mostly('EUR', 'JPY', 'XXX'),
  many: fc.constantFrom(1, 1, 2, 5),
  isSingle: fc.boolean(),
});

/** A change when it is known what there is to change: how a BFF is asked for it, and a service. */
export async function aim(twins: Twins, { field, variables, drawn }: Change, owner: string) {
  const { variable, aim, straight } = meansOf(field);
  const value = await aim(twins, owner, drawn);
  return {
    variables: { ...variables, [variable]: drawn.isSingle ? withoutLists(value) : value },
    straight: straight(owner, value),
  };
}

/** Asks a service for a change, behind the back of every BFF. */
export async function changeStraight({ urls }: Twins, straight: Straight): Promise<void> {
  const { service, path, method = 'POST', headers, body } = straight;
  const response = await fetch(`${urls[service]}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  await response.text();
}

function meansOf(field: string): Means {
  const means = MEANS[field];
  if (!means) throw new Error(`nothing is known of the mutation ${field}`);
  return means;
}

/** GraphQL takes a single value for a list of one. */
function withoutLists(value: Json): Json {
  if (Array.isArray(value)) return value.length === 1 ? value[0] : value;
  return value?.items ? { ...value, items: withoutLists(value.items) } : value;
}
