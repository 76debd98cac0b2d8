import { text } from 'node:stream/consumers';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWebSocketClient } from 'graphql-ws';
import WebSocket from 'ws';
import { web } from '../../../bff-web/bff.ts';
import type { BffDefinition } from '../../../src/bff.ts';
import type { UPSTREAMS } from '../../../src/datasources/upstreams.ts';
import {
  authorization,
  type Environment,
  type Json,
  startEnvironment,
  type TestViewer,
} from '../../support/environment.ts';
import { until } from '../../support/until.ts';

type Shop = Environment<typeof UPSTREAMS>;

export const NOTIFICATIONS = 'subscription { notificationReceived { id title } }';
export const ORDERS = 'subscription ($id: ID) { orderChanged(id: $id) { id status } }';

const STREAM_PATH = '/graphql/stream';
const LINE = { sku: 'BAG-TOTE', quantity: 1 };

interface Options {
  readonly as?: TestViewer;
  readonly variables?: Record<string, unknown>;
  /** Instead of the token of `as`. */
  readonly token?: string;
  /** The URL of a proxy, instead of that of the BFF. */
  readonly through?: string;
}

/** Starts a BFF whose services send it their events. */
export async function startSubscriptions(env: NodeJS.ProcessEnv = {}, bff: BffDefinition = web) {
  const environment: Shop = await startEnvironment(bff as BffDefinition<typeof UPSTREAMS>, env);
  const { services, adminUrl, url, endpoint, metrics } = environment;
  sendEventsTo(environment, adminUrl);
  const streamUrl = `${url}${STREAM_PATH}`;
  const socketUrl = endpoint.replace('http', 'ws');

  async function headersOf({ as = '42', token }: Options): Promise<Record<string, string>> {
    return token === undefined ? authorization(as) : { authorization: `Bearer ${token}` };
  }

  /** The sum of a metric's values that have all of these labels. */
  async function metric(name: string, labels: Record<string, unknown> = {}): Promise<number> {
    const found = await metrics.registry.getSingleMetric(name)?.get();
    return (found?.values ?? [])
      .filter((one) => Object.entries(labels).every(([key, value]) => one.labels[key] === value))
      .reduce((sum, { value }) => sum + value, 0);
  }

  return {
    ...environment,
    streamUrl,
    socketUrl,
    headersOf,
    metric,

    /** Waits until this many subscriptions are open. */
    untilOpen: (count: number) =>
      until(async () => (await metric('frontdesk_subscriptions')) === count),

    /** Subscribes with the client of graphql-sse. */
    async overSse(query: string, options: Options = {}) {
      const headers = await headersOf(options);
      const through =
        options.through === undefined ? streamUrl : `${options.through}${STREAM_PATH}`;
      const client = createSseClient({ url: through, headers, retryAttempts: 0 });
      return iterate(client, query, options);
    },

    /** Subscribes with the client of graphql-ws. */
    async overWebSocket(query: string, options: Options = {}) {
      const { authorization: given } = await headersOf(options);
      const closed: { code: number; reason: string }[] = [];
      const client = createWebSocketClient({
        url: `${(options.through ?? url).replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        ...(given && { connectionParams: { authorization: given } }),
        on: { closed: (event) => closed.push(event as (typeof closed)[number]) },
      });
      return { ...iterate(client, query, options), client, closed };
    },

    /** Subscribes by fetch. */
    async open(query: string, options: Options & { headers?: Record<string, string> } = {}) {
      const leaving = new AbortController();
      const response = await fetch(streamUrl, {
        method: 'POST',
        headers: {
          accept: 'text/event-stream',
          'content-type': 'application/json',
          ...(await headersOf(options)),
          ...options.headers,
        },
        body: JSON.stringify({ query, variables: options.variables }),
        signal: leaving.signal,
      });
      return { response, leave: () => leaving.abort(), text: () => text(response.body as never) };
    },

    /** Has the notification service send a notification to a user. */
    async notify(userId: string, title = 'Hello'): Promise<string> {
      const payload = { userId, kind: 'account', title, body: 'A text.' };
      const response = await services.notification.inject({
        method: 'POST',
        url: '/notifications',
        payload,
      });
      return response.json().id;
    },

    /** Has the order service place an order of a user. @returns its id */
    async placeOrder(userId: string, lines = 1): Promise<string> {
      const response = await services.order.inject({
        method: 'POST',
        url: '/orders',
        headers: { 'idempotency-key': `${Math.random()}` },
        payload: { userId, currency: 'EUR', items: Array(lines).fill(LINE) },
      });
      return response.json().id;
    },
    cancelOrder: (id: string) =>
      services.order.inject({ method: 'POST', url: `/orders/${id}/cancel` }),
  };
}

export type Subscriptions = Awaited<ReturnType<typeof startSubscriptions>>;

/** Makes the services of an environment send their events to these admin listeners. */
export function sendEventsTo({ services }: Pick<Shop, 'services'>, ...adminUrls: string[]): void {
  const urls = adminUrls.map((url) => `${url}/purge`);
  for (const { control } of Object.values(services)) control.subscribe(urls);
}

interface Client {
  readonly iterate: (operation: {
    query: string;
    variables?: Record<string, unknown>;
  }) => AsyncIterableIterator<unknown>;
  readonly dispose: () => unknown;
}

function iterate(client: Client, query: string, { variables }: Options) {
  const results = client.iterate({ query, ...(variables && { variables }) });
  return {
    next: async (): Promise<Json> => (await results.next()).value,
    leave: () => results.return?.(),
    [Symbol.asyncDispose]: async () => void (await client.dispose()),
  };
}
