/**
 * What resolvers see of the upstreams: the domain's own words and units, whatever the wire says.
 * Times are ISO 8601 UTC, money is in minor units, ids are opaque.
 */

export interface User {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly avatarUrl: string | null;
  readonly locale: string;
  readonly createdAt: string;
}

export interface Money {
  readonly amount: number;
  readonly currency: string;
}

export interface OrderItem {
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  readonly unitPrice: Money;
}

export type OrderStatus = 'PLACED' | 'SHIPPED' | 'DELIVERED' | 'CANCELLED';

export interface Order {
  readonly id: string;
  readonly customerId: string;
  readonly status: OrderStatus;
  readonly total: Money;
  readonly items: readonly OrderItem[];
  readonly placedAt: string;
}

/** What to order; `idempotencyKey` is 1 to 128 visible ASCII characters. */
export interface NewOrder {
  readonly idempotencyKey: string;
  readonly currency: string;
  readonly items: readonly { readonly sku: string; readonly quantity: number }[];
}

export interface Notification {
  readonly id: string;
  readonly kind: 'ORDER_UPDATE' | 'PROMOTION' | 'ACCOUNT';
  readonly title: string;
  readonly body: string;
  readonly createdAt: string;
  readonly readAt: string | null;
}

export interface Announcement {
  readonly id: string;
  readonly title: string;
  readonly body: string;
  readonly publishedAt: string;
}

/** A stretch of a list. */
export interface Page<T> {
  readonly edges: readonly { readonly cursor: string; readonly node: T }[];
  readonly hasNextPage: boolean;
}

/** Which stretch of a list is wanted: at most `first` items, after `after` if there is one. */
export interface PageRequest {
  readonly first: number;
  readonly after?: string | null | undefined;
}

/** Why a change was refused. */
export type ProblemCode =
  | 'BLANK'
  | 'EMPTY'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'INVALID'
  | 'INVALID_URL'
  | 'NOT_CANCELLABLE'
  | 'NOT_FOUND'
  | 'OUT_OF_RANGE'
  | 'TOO_LONG'
  | 'TOO_MANY'
  | 'UNKNOWN_CURRENCY'
  | 'UNKNOWN_LOCALE'
  | 'UNKNOWN_SKU';

export interface Problem {
  readonly code: ProblemCode;
  /** The path inside of the mutation's input, or null if it is the change as a whole. */
  readonly field: readonly string[] | null;
}

/** What became of a change: the object as it is now (null if there is none), and what was refused. */
export interface MutationResult<T> {
  readonly value: T | null;
  readonly problems: readonly Problem[];
}
