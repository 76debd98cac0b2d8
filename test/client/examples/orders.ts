import type { ErrorCode } from '../../../clients/web/error-codes.ts';
import type { OrderStatus } from '../../../clients/web/graphql.ts';

/** An order as the examples show it. */
export interface Order {
  readonly id: string;
  readonly status: OrderStatus;
}

/** What each example does: it shows the viewer's orders, and keeps what it shows up to date. */
export interface OrdersView {
  /** Loads the first page, and reports all loaded orders at each change. */
  show(onOrders: (orders: readonly Order[]) => void): void;
  /** @returns false if there was no other page */
  showMore(): Promise<boolean>;
  cancel(id: string): Promise<void>;
  /** Loads one order. @returns the code of the error if there is one */
  statusOf(id: string): Promise<OrderStatus | ErrorCode | undefined>;
}

/** @param send - `fetch` */
export type CreateOrdersView = (url: string, token: string, send: typeof fetch) => OrdersView;
