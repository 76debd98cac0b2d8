/**
 * The models that resolvers see, in the terms and units of the domain, independent of the wire format.
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

/** The input of a new order; `idempotencyKey` is 1 to 128 visible ASCII characters. */
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

/** One page of a list. */
export interface Page<T> {
  readonly edges: readonly { readonly cursor: string; readonly node: T }[];
  readonly hasNextPage: boolean;
}

/** The requested page of a list: at most `first` items, after the cursor `after` if given. */
export interface PageRequest {
  readonly first: number;
  readonly after?: string | null | undefined;
}

/** The reason why a mutation was rejected. */
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
  /** The path inside the mutation's input, or null for the input as a whole. */
  readonly field: readonly string[] | null;
}

/** The result of a mutation: the current object (null if there is none) and the problems. */
export interface MutationResult<T> {
  readonly value: T | null;
  readonly problems: readonly Problem[];
}
