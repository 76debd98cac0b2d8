import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { type GraphQLField, type GraphQLObjectType, getNamedType } from 'graphql';
import type { Json } from '../../support/environment.ts';
import type { CachePair } from './cache-pair.ts';
import { printDocument } from './documents.ts';
import { createSelectionGenerator } from './selections.ts';

/** A generated mutation, without the input that depends on the services' current data. */
export interface Mutation {
  readonly field: string;
  /** The document: its variables are the input and those of the answer's selections. */
  readonly text: string;
  readonly variables: Record<string, unknown>;
  readonly details: Details;
}

interface Details {
  readonly profile: Record<string, unknown>;
  readonly sku: string;
  readonly quantity: number;
  readonly currency: string;
  readonly many: number;
  /** Sends a list of one as its single item. */
  readonly isSingle: boolean;
}

/** The same change as a call to a service. */
interface ServiceCall {
  readonly service: keyof CachePair['services'];
  readonly path: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body: unknown;
}

interface MutationKind {
  readonly declared: string;
  readonly variable: string;
  readonly inputFor: (
    services: Pick<CachePair, 'read'>,
    owner: string,
    details: Details,
  ) => Promise<Json>;
  readonly serviceCall: (owner: string, value: Json) => ServiceCall;
}

const UNKNOWN_ID = '999999';

const MUTATION_KINDS: Readonly<Record<string, MutationKind>> = {
  updateProfile: {
    declared: '$input: UpdateProfileInput!',
    variable: 'input',
    inputFor: async (_services, _owner, { profile }) => profile,
    serviceCall: (owner, body) => ({
      service: 'user',
      path: `/users/${owner}`,
      method: 'PATCH',
      body,
    }),
  },
  placeOrder: {
    declared: '$input: PlaceOrderInput!',
    variable: 'input',
    inputFor: async (_services, _owner, { sku, quantity, currency }) => ({
      idempotencyKey: randomUUID(),
      currency,
      items: [{ sku, quantity }],
    }),
    serviceCall: (userId, { idempotencyKey, ...body }) => ({
      service: 'order',
      path: '/orders',
      headers: { 'idempotency-key': idempotencyKey },
      body: { userId, ...body },
    }),
  },
  cancelOrder: {
    declared: '$id: ID!',
    variable: 'id',
    async inputFor(services, owner) {
      const path = `/orders?user=${owner}&limit=1`;
      const { orders } = await services.read('order', path);
      const placed = await services.read('order', `${path}&status=placed`);
      return placed.orders[0]?.id ?? orders[0]?.id ?? UNKNOWN_ID;
    },
    serviceCall: (_owner, id) => ({ service: 'order', path: `/orders/${id}/cancel`, body: {} }),
  },
  markNotificationsRead: {
    declared: '$ids: [ID!]!',
    variable: 'ids',
    async inputFor(services, owner, { many }) {
      const path = `/notifications?user=${owner}&unread=true&limit=${many}`;
      const { notifications } = await services.read('notification', path);
      return notifications.length > 0 ? notifications.map(({ id }: Json) => id) : [UNKNOWN_ID];
    },
    serviceCall: (userId, ids) => ({
      service: 'notification',
      path: '/notifications/read',
      body: { userId, ids },
    }),
  },
};

/**
 * Generates calls of one mutation.
 * @throws Error for a mutation without an entry in MUTATION_KINDS
 */
export function mutationsBy(
  { name: field, type }: GraphQLField<unknown, unknown>,
  orderIds: readonly string[],
): fc.Arbitrary<Mutation> {
  const { declared, variable } = kindOf(field);
  const args = [{ name: variable, value: `$${variable}` }];
  const root = { parentType: 'Mutation', field, alias: undefined, args, directive: undefined };
  const alongPath = createSelectionGenerator({
    orderIds,
    hasInvalidValues: false,
    hasVariables: true,
  });
  const printed = alongPath(getNamedType(type) as GraphQLObjectType, []).map((selections) => {
    const field = { ...root, wrapping: 'bare' as const, selections };
    return printDocument([{ kind: 'mutation', name: undefined, declared, selections: [field] }]);
  });
  return fc.tuple(printed, anyDetails).map(([{ text, variableSets }, details]) => ({
    field,
    text,
    variables: variableSets[0] ?? {},
    details,
  }));
}

const usually = <T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(usual) }, fc.constantFrom(...others));

const anyDetails: fc.Arbitrary<Details> = fc.record({
  profile: fc.record(
    {
      name: fc.oneof({ weight: 8, arbitrary: fc.nat().map((n) => `Name ${n}`) }, fc.constant(' ')),
      avatarUrl: fc.oneof(
        { weight: 8, arbitrary: fc.nat().map((n) => `https://avatars.example/${n}.png`) },
        fc.constantFrom(null, 'ftp://avatars.example/'),
      ),
      locale: usually('de-AT', 'pt-BR', 'nonsense!'),
    },
    { requiredKeys: [] },
  ),
  sku: usually('BAG-TOTE', 'PAPER-NOTE', 'NO-SUCH'),
  quantity: usually(1, 2, 99, 0),
  currency: usually('EUR', 'JPY', 'XXX'),
  many: fc.constantFrom(1, 1, 2, 5),
  isSingle: fc.boolean(),
});

/**
 * Completes a mutation with input that fits the services' current data.
 * @returns the variables for a BFF, and the call that makes the same change at the service
 */
export async function resolveMutation(
  services: Pick<CachePair, 'read'>,
  { field, variables, details }: Mutation,
  owner: string,
) {
  const { variable, inputFor, serviceCall } = kindOf(field);
  const input = await inputFor(services, owner, details);
  return {
    variables: { ...variables, [variable]: details.isSingle ? withoutLists(input) : input },
    serviceCall: serviceCall(owner, input),
  };
}

/** Makes a change at a service, without a BFF. */
export async function changeAtService({ services }: CachePair, call: ServiceCall): Promise<void> {
  const { service, path, method = 'POST', headers, body } = call;
  const response = await fetch(`${services[service].listeningOrigin}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  await response.text();
}

function kindOf(field: string): MutationKind {
  const kind = MUTATION_KINDS[field];
  if (!kind) throw new Error(`no MUTATION_KINDS entry for ${field}`);
  return kind;
}

/** GraphQL coerces a single value to a list of one. */
function withoutLists(value: Json): Json {
  if (Array.isArray(value)) return value.length === 1 ? value[0] : value;
  return value?.items ? { ...value, items: withoutLists(value.items) } : value;
}
