import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { CAST } from '../../services/support/cast.ts';
import type { ChangeEvent } from '../../services/support/event-publisher.ts';
import type { Environment, Json, TestViewer } from '../support/environment.ts';

const ME = CAST.customer;

interface Example {
  readonly as: TestViewer;
  /** Of a mutation: variables with which it changes something, each time. */
  readonly variables: (environment: Environment) => object | Promise<object>;
}

const newOrder = () => ({ currency: 'EUR', items: [{ sku: 'PAPER-NOTE', quantity: 2 }] });

/** Places an order at the service itself. */
async function placeOrder(environment: Environment): Promise<{ id: string }> {
  const response = await environment.services.order.inject({
    method: 'POST',
    url: '/orders',
    headers: { 'idempotency-key': randomUUID() },
    payload: { userId: ME, ...newOrder() },
  });
  assert.equal(response.statusCode, 201);
  return { id: response.json().id };
}

/**
 * A viewer and variables with which each committed query and mutation succeeds, with something in each list.
 * One row per operation, for all suites and BFFs.
 */
export const EXAMPLES: Readonly<Record<string, Example>> = {
  Account: { as: ME, variables: () => ({ first: 3 }) },
  Customers: { as: 'staff', variables: () => ({ search: 'a', first: 3 }) },
  Dashboard: { as: ME, variables: () => ({}) },
  Home: { as: ME, variables: () => ({}) },
  Me: { as: ME, variables: () => ({}) },
  MyOrders: { as: ME, variables: () => ({ first: 3 }) },
  NotificationList: { as: ME, variables: () => ({ first: 3 }) },
  OrderDetail: {
    as: ME,
    variables: async (environment) => {
      const { orders } = await environment.read('order', `/orders?user=${ME}&status=delivered`);
      return { id: orders[0].id };
    },
  },
  OrderList: { as: ME, variables: () => ({ first: 3 }) },
  PublicProfile: { as: 'anonymous', variables: () => ({ id: CAST.otherCustomer }) },
  // Few, because each customer that is lost counts for the circuit breaker.
  RecentOrders: { as: 'staff', variables: () => ({ first: 3 }) },
  CancelOrder: { as: ME, variables: placeOrder },
  MarkNotificationsRead: {
    as: ME,
    variables: async (environment) => {
      const path = `/notifications?user=${ME}&unread=true&limit=1`;
      const { notifications } = await environment.read('notification', path);
      assert.equal(notifications.length, 1);
      return { ids: notifications.map(({ id }: Json) => id) };
    },
  },
  PlaceOrder: {
    as: ME,
    variables: () => ({ input: { idempotencyKey: randomUUID(), ...newOrder() } }),
  },
  UpdateProfile: { as: ME, variables: () => ({ input: { name: `Amara ${randomUUID()}` } }) },
};

/** A viewer of each committed subscription, and an event that it gets. */
export const SUBSCRIPTION_EXAMPLES: Readonly<
  Record<
    string,
    {
      readonly as: TestViewer;
      readonly event: (environment: Environment) => Promise<ChangeEvent>;
    }
  >
> = {
  OnNotificationReceived: {
    as: ME,
    event: async (environment) => {
      const path = `/notifications?user=${ME}&limit=1`;
      const { notifications } = await environment.read('notification', path);
      return { type: 'notification.created', data: { user: ME, id: notifications[0].id } };
    },
  },
  OnOrderChanged: {
    as: ME,
    event: async (environment) => ({
      type: 'order.changed',
      data: { user: ME, ...(await placeOrder(environment)) },
    }),
  },
};
